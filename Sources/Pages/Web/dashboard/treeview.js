// The tree of a state, with the keys that trees have (WAI-ARIA Authoring Practices, "Tree View").

import { make, renew, setClass, setText } from "./dom.js";
import { PORTION, changed, rows } from "./tree.js";

/** How long what has changed is marked, in milliseconds. */
const MARKED = 1_500;

export class TreeView {
  #element;
  #state;
  #hasState = false;
  #open = new Set([""]);
  #portions = new Map();
  #marks = new Map();
  #rows = [];
  #active = "";

  constructor(element) {
    this.#element = element;
    element.setAttribute("role", "tree");
    element.addEventListener("click", (event) => {
      const row = event.target.closest("[role=treeitem]");
      if (row) this.#act(this.#rows[[...element.children].indexOf(row)]);
    });
    element.addEventListener("keydown", (event) => this.#key(event));
  }

  /** @param state undefined if there is none. */
  show(state) {
    if (this.#hasState && state !== undefined) {
      const until = performance.now() + MARKED;
      for (const pointer of changed(this.#state, state)) this.#marks.set(pointer, until);
      if (this.#marks.size > 0) setTimeout(() => this.#draw(), MARKED + 50);
    }
    this.#hasState = state !== undefined;
    this.#state = state;
    this.#draw();
  }

  #draw() {
    const now = performance.now();
    for (const [pointer, until] of this.#marks) if (until <= now) this.#marks.delete(pointer);
    this.#rows = this.#hasState ? rows(this.#state, this.#open, this.#portions) : [];
    const index = Math.max(0, this.#rows.findIndex((row) => row.pointer === this.#active));
    renew(this.#element, this.#rows, makeRow, (element, row, place) => {
      fillRow(element, row, this.#marks.has(row.pointer));
      element.tabIndex = place === index ? 0 : -1;
    });
  }

  #act(row) {
    if (!row) return;
    this.#active = row.pointer;
    if (row.kind === "more") this.#portions.set(row.parent, (this.#portions.get(row.parent) ?? PORTION) + PORTION);
    else if (row.isOpen) this.#open.delete(row.pointer);
    else if (row.canOpen) this.#open.add(row.pointer);
    this.#draw();
    this.#focus(this.#rows.findIndex((other) => other.pointer === row.pointer));
  }

  #focus(index) {
    const row = this.#rows[Math.max(0, Math.min(index, this.#rows.length - 1))];
    if (!row) return;
    this.#active = row.pointer;
    [...this.#element.children].forEach((child, place) => {
      child.tabIndex = this.#rows[place] === row ? 0 : -1;
      if (child.tabIndex === 0) child.focus();
    });
  }

  #key(event) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const here = this.#rows.findIndex((row) => row.pointer === this.#active);
    const row = this.#rows[Math.max(0, here)];
    if (!row) return;
    const above = row.pointer.slice(0, Math.max(0, row.pointer.lastIndexOf("/")));
    const keys = {
      ArrowDown: () => this.#focus(here + 1),
      ArrowUp: () => this.#focus(here - 1),
      Home: () => this.#focus(0),
      End: () => this.#focus(this.#rows.length - 1),
      ArrowRight: () => (row.canOpen && !row.isOpen ? this.#act(row) : this.#focus(here + 1)),
      ArrowLeft: () => (row.isOpen ? this.#act(row) : this.#focus(this.#rows.findIndex((other) => other.pointer === above))),
      Enter: () => this.#act(row),
      " ": () => this.#act(row),
    };
    if (!(event.key in keys)) return;
    event.preventDefault();
    keys[event.key]();
  }
}

function makeRow() {
  return make("li", { role: "treeitem" }, make("span", { class: "name" }), make("span", { class: "colon" }), make("span", { class: "text" }));
}

function fillRow(element, row, isMarked) {
  const [name, colon, text] = element.children;
  setClass(element, [row.kind, row.canOpen ? (row.isOpen ? "open" : "folded") : "leaf", isMarked ? "marked" : ""].join(" ").trim());
  element.style.setProperty("--depth", row.depth);
  element.setAttribute("aria-level", row.depth + 1);
  if (row.canOpen) element.setAttribute("aria-expanded", row.isOpen);
  else element.removeAttribute("aria-expanded");
  if (element.title !== row.pointer) element.title = row.pointer;
  setText(name, row.name ?? (row.depth === 0 ? "state" : ""));
  setText(colon, row.name === null && row.depth > 0 ? "" : ": ");
  setText(text, row.text);
}
