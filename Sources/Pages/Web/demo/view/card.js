// One card: its text, tick and buttons, and the field while somebody writes in it.

import { element, isCalm, write } from "./element.js";

/** Milliseconds after the last letter until others see what was written so far. */
const WRITE_PAUSE = 250;
/** Characters of a card. */
const LONGEST_TEXT = 500;

export class CardView {
  root;
  flag = element("span", { className: "flag" });
  #id;
  #acts;
  #tick;
  #text;
  #remove;
  #shown = "";
  #field = null;

  constructor(id, acts) {
    this.#id = id;
    this.#acts = acts;
    this.#tick = element("input", { type: "checkbox", className: "tick", tabIndex: -1 });
    this.#tick.addEventListener("change", () => acts.tick(id));
    this.#text = element("div", { className: "text" });
    this.#remove = element("button", { className: "remove", tabIndex: -1, title: "Remove", onclick: () => acts.remove(id) }, "×");
    const grip = element("span", { className: "grip", "aria-hidden": "true" });
    this.root = element(
      "li", { className: "card", tabIndex: -1, "aria-describedby": "keys", "aria-roledescription": "card" },
      this.#tick, this.#text, this.#remove, grip, this.flag);
    this.root.dataset.id = id;
  }

  render(card, { place, isOwn, isNew }) {
    const { text, done } = card;
    const now = JSON.stringify([text, done, card.column, card.order]);
    if (!isOwn && !isCalm() && this.#shown !== now && !isNew) this.#glow();
    if (isNew && !isCalm()) this.root.animate([{ opacity: 0, transform: "scale(.97)" }, {}], { duration: 160, easing: "ease-out" });
    this.#shown = now;
    write(this.#text, text);
    this.#tick.checked = done;
    this.#tick.setAttribute("aria-label", `Done: ${text}`);
    this.#remove.setAttribute("aria-label", `Remove: ${text}`);
    this.root.classList.toggle("done", done);
    this.root.setAttribute("aria-label", `${text || "Empty card"}, ${done ? "done" : "open"}, ${place}`);
  }

  #glow() {
    const ring = getComputedStyle(this.root).getPropertyValue("--accent");
    this.root.animate([{ boxShadow: `0 0 0 2px ${ring}` }, {}], { duration: 900, easing: "ease-out" });
  }

  /** Writes in the card. `say(text)` is called for what was written so far; `end(before, text)` once. */
  edit({ say, end }) {
    if (this.#field) return this.#field.focus();
    const before = this.#text.textContent;
    const field = element("textarea", { className: "field", value: before, rows: 1, maxLength: LONGEST_TEXT, "aria-label": "Text of the card" });
    this.#field = field;
    let timer = null;
    const grow = () => {
      field.style.height = "auto";
      field.style.height = `${field.scrollHeight}px`;
    };
    const finish = (text, isBack) => {
      if (this.#field !== field) return;
      clearTimeout(timer);
      this.#field = null;
      field.replaceWith(this.#text);
      this.root.classList.remove("editing");
      end(before, text.trim());
      if (isBack) this.root.focus();
    };
    field.addEventListener("input", () => {
      grow();
      clearTimeout(timer);
      timer = setTimeout(() => say(field.value), WRITE_PAUSE);
    });
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.isComposing) return;
      if (event.key === "Escape") finish(before, true);
      if (event.key !== "Enter" || event.shiftKey) return;
      event.preventDefault();
      finish(field.value, true);
    });
    field.addEventListener("blur", () => {
      if (!this.root.isMoving) finish(field.value, false);
    });
    this.#text.replaceWith(field);
    this.root.classList.add("editing");
    grow();
    field.focus();
    field.setSelectionRange(before.length, before.length);
  }
}
