// The plots: a figure now, and its line over the last minutes.

import { make, setText } from "./dom.js";
import { clock } from "./format.js";
import { WINDOW, area, extended, line, nearest, runs, top } from "./series.js";

const WIDTH = 300;
const HEIGHT = 46;
const SVG = "http://www.w3.org/2000/svg";

/** One plot. `figures` are { of, format, least? }, and the second one, if there is one, shares the first one's scale. */
export class Plot {
  #figures;
  #points;
  #now = 0;
  #parts;

  constructor({ title, figures }, onPoint) {
    this.#figures = figures;
    this.#points = figures.map(() => []);
    const svg = draw("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, preserveAspectRatio: "none", "aria-hidden": "true" });
    const filled = draw("path", { class: "area" });
    const lines = figures.map((_, index) => draw("path", { class: index === 0 ? "line" : "line second" }));
    const cross = draw("line", { class: "cross", y1: 0, y2: HEIGHT, visibility: "hidden" });
    svg.append(filled, ...lines, cross);
    const bound = make("span");
    const value = make("span");
    const second = make("small");
    this.element = make("div", { class: "plot" }, make("h3", {}, make("span", {}, title), bound),
      make("p", { class: "value" }, value, second), svg);
    this.#parts = { svg, filled, lines, cross, bound, value, second };
    svg.addEventListener("pointermove", (event) => {
      const box = svg.getBoundingClientRect();
      onPoint(this.#now - WINDOW * (1 - (event.clientX - box.left) / box.width));
    });
    svg.addEventListener("pointerleave", () => onPoint(null));
  }

  /** @param totals with `at`, of the clock that all of them have. */
  add(totals) {
    this.#now = totals.at;
    this.#points = this.#points.map((points, index) => extended(points, totals.at, totals[this.#figures[index].of]));
    const bound = top(this.#points, this.#figures[0].least);
    const box = { now: totals.at, width: WIDTH, height: HEIGHT, top: bound };
    const { lines, filled } = this.#parts;
    this.#points.forEach((points, index) => {
      // A second figure that is nothing all the time, such as rejections, needs no line.
      const isShown = index === 0 || points.some((point) => point.value > 0);
      lines[index].setAttribute("d", isShown ? line(runs(points, box)) : "");
    });
    filled.setAttribute("d", area(runs(this.#points[0], box), HEIGHT));
    setText(this.#parts.bound, this.#figures[0].format(bound));
    this.point(null);
  }

  /** Shows what was at a time, or what is now. */
  point(at) {
    const { cross, value, second } = this.#parts;
    const shown = this.#points.map((points) => (at === null ? points.at(-1) : nearest(points, at)));
    setText(value, shown[0] ? this.#figures[0].format(shown[0].value) : "–");
    const other = shown[1] && shown[1].value > 0 ? this.#figures[1].format(shown[1].value) : "";
    second.className = other ? "bad" : "";
    setText(second, [other, at !== null && shown[0] ? clock(shown[0].at) : ""].filter(Boolean).join(" · "));
    cross.setAttribute("visibility", at === null ? "hidden" : "visible");
    if (at !== null) for (const end of ["x1", "x2"]) cross.setAttribute(end, WIDTH * (1 - (this.#now - at) / WINDOW));
  }
}

function draw(tag, attributes) {
  const element = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}
