// The columns and cards. What is there is kept and moved, so that focus, a text being written and a drag outlive each new state.

import { cardOf, withLifted } from "../model/board.js";
import { CardView } from "./card.js";
import { element, write } from "./element.js";
import { Motion } from "./motion.js";

export class BoardView {
  board = { title: "", columns: [] };
  /** The card that this window holds, and where: `{id, column, before}`. */
  lifted = null;
  #root;
  #acts;
  #columns = new Map();
  #cards = new Map();
  #motion = new Motion();
  #current = null;
  #people = [];

  /** `acts`: what people do: `tick(id)`, `edit(id)`, `remove(id)`, `add(column)`, `rename(column, title)`, `hold(lifted or null)`. */
  constructor(root, acts) {
    this.#root = root;
    this.#acts = acts;
    root.addEventListener("focusin", ({ target }) => {
      const id = target.closest?.(".card")?.dataset.id;
      if (id) this.#setCurrent(id);
    });
  }

  /** As it is shown: cards that somebody holds are where they would go. */
  get shown() {
    const held = this.#people.flatMap(({ holds }) => (holds && holds.id !== this.lifted?.id ? [holds] : []));
    return [...held, this.lifted].reduce(withLifted, this.board);
  }

  card(id) {
    return this.#cards.get(id);
  }

  get columns() {
    return [...this.#columns.values()];
  }

  /** Without a name: the card that Tab would come to. */
  focus(id = this.#current) {
    this.#cards.get(id)?.root.focus();
  }

  lift(lifted) {
    this.lifted = lifted;
    this.#acts.hold(lifted);
    this.render(this.board, { isOwn: true });
  }

  render(board, { isOwn }) {
    this.board = board;
    if (this.lifted && !cardOf(board, this.lifted.id)) this.lifted = null;
    this.#motion.begin([...this.#cards.values()].map(({ root }) => root));
    const { columns } = this.shown;
    const gone = new Set(this.#cards.keys());
    for (const column of columns) this.#renderColumn(column, isOwn, gone);
    const lost = [...gone].includes(document.activeElement?.dataset?.id);
    for (const id of gone) {
      this.#cards.get(id).root.remove();
      this.#cards.delete(id);
    }
    if (lost) this.#root.focus();
    this.#keepOneStop(columns);
    this.#motion.end([...this.#cards.values()].map(({ root }) => root));
  }

  #renderColumn({ id, title, cards }, isOwn, gone) {
    const view = this.#columns.get(id) ?? this.#makeColumn(id);
    if (document.activeElement !== view.title) view.title.value = title;
    view.list.setAttribute("aria-label", title);
    write(view.count, String(cards.length));
    let at = view.list.firstElementChild;
    cards.forEach((card, index) => {
      gone.delete(card.id);
      const isNew = !this.#cards.has(card.id);
      if (isNew) this.#cards.set(card.id, new CardView(card.id, this.#acts));
      const { root } = this.#cards.get(card.id);
      this.#cards.get(card.id).render(card, { place: `${index + 1} of ${cards.length} in ${title}`, isOwn, isNew });
      root.classList.toggle("lifted", this.lifted?.id === card.id);
      if (root === at) at = at.nextElementSibling;
      else keepingFocus(root, () => view.list.insertBefore(root, at));
    });
  }

  #makeColumn(id) {
    const title = element("input", {
      className: "column-title", maxLength: 40, autocomplete: "off", spellcheck: false, "aria-label": "Title of the column",
    });
    title.addEventListener("change", () => this.#acts.rename(id, title.value.trim()));
    title.addEventListener("keydown", (event) => {
      if (event.key === "Enter") title.blur();
      event.stopPropagation();
    });
    const count = element("span", { className: "count", "aria-hidden": "true" });
    const list = element("ul", { className: "cards", role: "list" });
    const plus = element("span", { "aria-hidden": "true" }, "+");
    const add = element("button", { className: "add", onclick: () => this.#acts.add(id) }, plus, " Add a card");
    const root = element("section", { className: "column" }, element("header", {}, title, count), list, add);
    root.dataset.id = id;
    this.#root.append(root);
    const view = { id, root, title, count, list, add };
    this.#columns.set(id, view);
    return view;
  }

  /** One card can be reached by Tab; arrows go from there. */
  #keepOneStop(columns) {
    if (this.#current !== null && this.#cards.has(this.#current)) return;
    this.#setCurrent(columns.flatMap(({ cards }) => cards)[0]?.id ?? null);
  }

  #setCurrent(id) {
    this.#cards.get(this.#current)?.root.setAttribute("tabindex", "-1");
    this.#current = id;
    this.#cards.get(id)?.root.setAttribute("tabindex", "0");
  }

  /** Shows who holds or edits which card. */
  mark(people) {
    const held = JSON.stringify(this.#people.map(({ holds }) => holds));
    this.#people = people;
    if (JSON.stringify(people.map(({ holds }) => holds)) !== held) this.render(this.board, { isOwn: true });
    for (const [id, { root, flag }] of this.#cards) {
      const person = people.find(({ holds, edits }) => holds?.id === id || edits === id);
      root.classList.toggle("taken", person !== undefined);
      if (!person) continue;
      root.style.setProperty("--hue", person.hue);
      // Whose cursor is there needs no second name.
      write(flag, person.holds?.id !== id ? `${person.name} writes` : person.cursor ? "" : `${person.name} moves this`);
    }
  }

  /** Shows which cards have changes that the server does not have yet. */
  markPending(ids) {
    for (const [id, { root }] of this.#cards) root.classList.toggle("pending", ids.has(id));
  }
}

/** An element that is moved loses the focus, and with it what is written in it. */
function keepingFocus(root, move) {
  const active = document.activeElement;
  const had = root.contains(active) ? active : null;
  const selection = had instanceof HTMLTextAreaElement ? [had.selectionStart, had.selectionEnd] : null;
  root.isMoving = true;
  move();
  had?.focus({ preventScroll: true });
  if (selection) had.setSelectionRange(...selection);
  root.isMoving = false;
}
