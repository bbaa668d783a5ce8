// The operations of one application: how each stands and how far it is, newest first.

import { make, renew, setClass, setText } from "./dom.js";
import { seconds } from "./format.js";
import { rowOf } from "./operationrow.js";
import { askBucket } from "./server.js";

/** How many are shown: the newest. */
const MOST = 20;

export class OperationsView {
  #section;
  #list;
  #note;

  constructor() {
    this.#note = make("p", { class: "empty" });
    this.#list = make("ol", { class: "operations" });
    this.#section = make("section", { class: "work", "aria-label": "Operations", hidden: true }, make("h3", {}, "Operations"), this.#note, this.#list);
  }

  get element() {
    return this.#section;
  }

  clear() {
    this.#section.hidden = true;
    this.#list.replaceChildren();
  }

  /** What is known now; nothing where this page's server knows nothing of operations. */
  static async asked(name) {
    try {
      const { operations, next } = await askBucket(`apps/${encodeURIComponent(name)}/operations`, { limit: MOST });
      return { operations, hasMore: next !== undefined };
    } catch (error) {
      // Another server has them, or this token is for looking only.
      if (error.problem?.status === 404 || error.problem?.status === 403) return { operations: [], hasMore: false };
      throw error;
    }
  }

  show({ operations, hasMore }) {
    this.#section.hidden = operations.length === 0;
    setText(this.#note, hasMore ? `The newest ${operations.length}; “cistern operation list” has all.` : "");
    renew(this.#list, operations.map((operation) => rowOf(operation, Date.now())), makeRow, fillRow);
  }
}

function makeRow() {
  return make("li", {}, make("span", { class: "outcome" }), make("span", { class: "id" }), make("progress", { max: 1 }), make("span", { class: "figures" }),
    make("span", { class: "age" }), make("p", { class: "reason" }));
}

function fillRow(element, { id, kind, status, level, fraction, figures, isAtWork, age, reason }) {
  const [outcome, name, bar, facts, time, why] = element.children;
  setClass(element, level);
  setText(outcome, status);
  setText(name, `${kind} ${id}`);
  bar.hidden = !isAtWork;
  if (fraction === null) bar.removeAttribute("value");
  else bar.setAttribute("value", fraction);
  setText(facts, figures);
  setText(time, Number.isFinite(age) ? `${seconds(age)} ago` : "");
  why.hidden = reason === "";
  setText(why, reason);
}
