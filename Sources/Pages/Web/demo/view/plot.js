// A little plot of bars.

import { bars } from "../model/figures.js";
import { drawing } from "./element.js";

const WIDTH = 240;
const HEIGHT = 36;

export class Plot {
  root;
  #shown;

  constructor(label) {
    this.root = drawing("svg", { class: "plot", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", role: "img", "aria-label": label });
  }

  render(values) {
    if (values === this.#shown) return;
    this.#shown = values;
    const shapes = bars(values, { width: WIDTH, height: HEIGHT }).map(({ isCut, ...bar }) =>
      drawing("rect", { ...bar, rx: 1, class: isCut ? "bar cut" : "bar" }));
    this.root.replaceChildren(...shapes);
  }
}
