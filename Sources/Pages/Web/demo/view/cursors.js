// The cursors of the others, and where this window's own is.

import { anchorOf, placeCursors } from "../model/cursors.js";
import { element, write } from "./element.js";

export class Cursors {
  #layer;
  #board;
  #people = [];
  #shown = new Map();
  #isDue = false;

  /** `say(cursor or null)`. */
  constructor(layer, board, say) {
    this.#layer = layer;
    this.#board = board;
    const gone = () => say(null);
    addEventListener("pointermove", ({ clientX, clientY }) => say(anchorOf(clientX, clientY, this.#rects())), { passive: true });
    document.documentElement.addEventListener("pointerleave", gone);
    addEventListener("blur", gone);
    addEventListener("scroll", () => this.#soon(), { passive: true });
    addEventListener("resize", () => this.#soon(), { passive: true });
  }

  show(people) {
    this.#people = people;
    this.#soon();
  }

  /** Once in a frame, after the board was laid out. */
  #soon() {
    if (this.#isDue) return;
    this.#isDue = true;
    requestAnimationFrame(() => {
      this.#isDue = false;
      this.#place();
    });
  }

  #rects() {
    const rect = (at, { left, top, width, height }) => ({ at, left, top, width, height });
    const all = (selector, kind) =>
      [...this.#board.querySelectorAll(selector)].map((one) => rect(`${kind}:${one.dataset.id}`, one.getBoundingClientRect()));
    return [...all(".card", "card"), ...all(".column", "column"), rect("board", this.#board.getBoundingClientRect())];
  }

  #place() {
    const placed = placeCursors(this.#people, this.#rects(), { width: innerWidth, height: innerHeight });
    const gone = new Set(this.#shown.keys());
    for (const { id, name, hue, x, y, isTurned } of placed) {
      gone.delete(id);
      const { root, label } = this.#shown.get(id) ?? this.#make(id);
      root.style.setProperty("--hue", hue);
      root.style.transform = `translate(${x}px, ${y}px)`;
      root.classList.toggle("turned", isTurned);
      write(label, name);
    }
    for (const id of gone) {
      this.#shown.get(id).root.remove();
      this.#shown.delete(id);
    }
  }

  #make(id) {
    const label = element("span", { className: "name" });
    const root = element("div", { className: "cursor" }, element("i"), label);
    this.#layer.append(root);
    this.#shown.set(id, { root, label });
    return { root, label };
  }
}
