// Short messages at the edge, one at a time, that go by themselves.

import { element } from "./element.js";

/** Milliseconds; long enough to read it and to reach its button. */
const LIFE = 6_000;

export class Toasts {
  #root;
  #timer = null;

  constructor(root) {
    this.#root = root;
  }

  show(text, action) {
    clearTimeout(this.#timer);
    const toast = element("div", { className: "toast" }, element("span", {}, text));
    if (action) {
      toast.append(element("button", { onclick: () => {
        this.#root.replaceChildren();
        action.run();
      } }, action.name));
    }
    this.#root.replaceChildren(toast);
    this.#timer = setTimeout(() => this.#root.replaceChildren(), LIFE);
  }
}
