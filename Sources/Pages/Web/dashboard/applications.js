// The list of applications: asks for what the table is to show, the busiest or a page of names, and shows it.

import { ask } from "./server.js";
import { Table } from "./table.js";
import { setText } from "./dom.js";
import { number, whole } from "./format.js";
import { busiestRows, namedRows, positionRates } from "./rows.js";

/** Names on a page, and beside the busiest where those are few. */
const PAGE = 100;
const BESIDE = 50;
/** A page of names is looked at anew with every third refresh: each name costs the log a look. */
const EVERY = 3;

export class Applications {
  #parts;
  #table;
  #sort = "rate";
  #prefix = "";
  /** Where each page begins, up to the present one. */
  #pages = [""];
  #next = null;
  #listed = [];
  #positions = new Map();
  #sinceListing = EVERY;
  #busiest = [];
  #asked = 0;

  /** @param refresh asks for a refresh at once. */
  constructor(section, { open, refresh }) {
    const find = (selector) => section.querySelector(selector);
    this.#parts = {
      search: find("#search"), total: find("#total"), note: find("#note"), earlier: find("#earlier"), later: find("#later"),
    };
    this.#table = new Table(find("table"), {
      open,
      sort: (column) => {
        this.#sort = column;
        this.#restart(refresh);
      },
    });
    const { search, earlier, later } = this.#parts;
    search.addEventListener("input", () => {
      this.#prefix = search.value.trim();
      this.#restart(refresh);
    });
    search.addEventListener("keydown", (event) => {
      if (event.key !== "ArrowDown" && event.key !== "Enter") return;
      event.preventDefault();
      this.#table.enter();
    });
    later.addEventListener("click", () => this.#turn(() => this.#pages.push(this.#next), refresh));
    earlier.addEventListener("click", () => this.#turn(() => this.#pages.pop(), refresh));
  }

  get #isByName() { return this.#prefix !== "" || this.#sort === "app"; }

  #restart(refresh) {
    this.#pages = [""];
    this.#turn(() => {}, refresh);
  }

  #turn(change, refresh) {
    change();
    this.#sinceListing = EVERY;
    refresh();
  }

  /** Asks for what is to be shown. What was asked for earlier and comes later is dropped. */
  async refresh() {
    this.#asked += 1;
    const asked = this.#asked;
    const sort = this.#sort === "app" ? "rate" : this.#sort;
    const busiest = ask("apps", { sort });
    const isListing = this.#sinceListing >= EVERY;
    const listed = isListing
      ? ask("apps", this.#isByName ? { prefix: this.#prefix, after: this.#pages.at(-1), limit: PAGE } : { limit: BESIDE })
      : null;
    const [top, page] = await Promise.all([busiest, listed]);
    if (asked !== this.#asked) return;
    this.#busiest = top.apps;
    this.#sinceListing += 1;
    if (page) {
      const { rated, positions } = positionRates(this.#positions, page.apps, performance.now());
      this.#listed = rated;
      this.#positions = positions;
      this.#next = page.next ?? null;
      this.#sinceListing = 1;
    }
    this.#show();
  }

  #show() {
    const rows = this.#isByName
      ? namedRows(this.#listed, this.#busiest)
      : busiestRows(this.#busiest, this.#listed).slice(0, Math.max(BESIDE, this.#busiest.length));
    this.#table.show(rows, this.#isByName ? "app" : this.#sort);
    const { note, earlier, later } = this.#parts;
    earlier.disabled = !this.#isByName || this.#pages.length === 1;
    later.disabled = !this.#isByName || this.#next === null;
    setText(note, this.#note(rows.length));
  }

  #note(count) {
    if (this.#isByName && count === 0) return this.#prefix ? `No application begins with “${this.#prefix}”.` : "There is no application yet.";
    if (count === 0) return "There is no application yet. The first change pushed to one makes it.";
    if (this.#isByName) return "";
    const active = this.#busiest.length;
    const others = this.#next !== null || count > active ? "; the others by name" : "";
    return active ? `The ${number(active)} busiest of the last seconds first${others}. For all of them, choose “Application” above, or find one.` : "Nothing happens at the moment. These are the first by name.";
  }

  /** @param count of all applications, as far as it is known. */
  showTotal(count) {
    setText(this.#parts.total, count === null ? "" : whole(count));
  }

  find() {
    this.#parts.search.focus();
    this.#parts.search.select();
  }

  enter() {
    this.#table.enter();
  }
}
