// The table of applications. Rows are made once and filled again and again; the one that has the focus keeps it wherever it moves.

import { make, renew, setClass, setText } from "./dom.js";
import { bytes, milliseconds, number } from "./format.js";
import { inOrder } from "./rows.js";

const COLUMNS = [
  { of: "app", title: "Application", hint: "By name" },
  { of: "rate", title: "Changes/s", hint: "Changes merged per second", format: number },
  { of: "pending", title: "Backlog", hint: "Changes that wait to be merged", format: number, isHigh: (value) => value >= 1_000 },
  { of: "lag", title: "Lag", hint: "The longest that a change waited, of those merged in the last seconds", format: milliseconds, isHigh: (value) => value >= 1_000 },
  { of: "bytes", title: "Size", hint: "Of the state", format: bytes },
  { of: "polls", title: "Polls/s", hint: "Answered in the last second, of the applications that are polled most", format: number },
  { of: "followers", title: "Waiting", hint: "Clients that wait for the next version: long polls, event streams, sockets", format: number },
];

export class Table {
  #body;
  #heads;
  #names = [];
  #order = null;

  /** @param on `sort(column)` and `open(application)`. */
  constructor(table, on) {
    this.#body = table.tBodies[0];
    this.#heads = COLUMNS.map(({ of, title, hint }) =>
      make("th", { scope: "col" }, make("button", { type: "button", title: hint, onclick: () => on.sort(of) }, title)));
    table.tHead.rows[0].append(...this.#heads);
    this.#body.addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      if (row && !(event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        on.open(this.#names[row.sectionRowIndex]);
      }
    });
    this.#body.addEventListener("keydown", (event) => this.#key(event, on));
  }

  show(rows, sort) {
    COLUMNS.forEach(({ of }, index) => {
      if (of !== sort) this.#heads[index].removeAttribute("aria-sort");
      else this.#heads[index].setAttribute("aria-sort", of === "app" ? "ascending" : "descending");
    });
    const focused = this.#focused;
    // While somebody aims at a row it stays where it is.
    const isHeld = this.#order === sort && (focused !== null || this.#body.matches(":hover"));
    const ordered = isHeld ? inOrder(rows, this.#names) : rows;
    this.#order = sort;
    this.#names = ordered.map((row) => row.app);
    renew(this.#body, ordered, makeRow, fillRow);
    const place = this.#names.indexOf(focused);
    if (place >= 0 && this.#focused !== focused) this.#focus(place);
    this.#makeReachable();
  }

  /** Gives the first row the focus. */
  enter() {
    this.#focus(0);
  }

  get #focused() {
    const row = document.activeElement?.closest("tbody tr");
    return row && this.#body.contains(row) ? this.#names[row.sectionRowIndex] ?? null : null;
  }

  #focus(index) {
    this.#body.rows[Math.max(0, Math.min(index, this.#body.rows.length - 1))]?.focus();
    this.#makeReachable();
  }

  /** One row is reached by Tab: the one that has the focus, or the first. */
  #makeReachable() {
    const rows = [...this.#body.rows];
    const active = rows.find((row) => row === document.activeElement) ?? rows[0];
    for (const row of rows) {
      const index = row === active ? 0 : -1;
      if (row.tabIndex !== index) row.tabIndex = index;
    }
  }

  #key(event, on) {
    const row = event.target.closest("tr");
    if (!row || event.ctrlKey || event.metaKey || event.altKey) return;
    const here = row.sectionRowIndex;
    const moves = { ArrowDown: here + 1, ArrowUp: here - 1, Home: 0, End: this.#names.length - 1, PageDown: here + 15, PageUp: here - 15 };
    if (event.key in moves) this.#focus(moves[event.key]);
    else if (event.key === "Enter") on.open(this.#names[here]);
    else return;
    event.preventDefault();
  }
}

function makeRow() {
  const name = make("td", {}, make("a", { tabindex: -1 }));
  return make("tr", { tabindex: -1 }, name, ...COLUMNS.slice(1).map(() => make("td")));
}

function fillRow(element, row) {
  const link = element.cells[0].firstElementChild;
  setText(link, row.app);
  const href = `#${encodeURIComponent(row.app)}`;
  if (link.getAttribute("href") !== href) {
    link.setAttribute("href", href);
    element.cells[0].title = row.app;
  }
  COLUMNS.slice(1).forEach(({ of, format, isHigh }, index) => {
    const cell = element.cells[index + 1];
    const value = row[of];
    setText(cell, value === null || value === undefined ? "–" : format(value));
    setClass(cell, value ? (isHigh?.(value) ? "warn" : "") : "none");
  });
}
