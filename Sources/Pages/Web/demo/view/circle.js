// The way of a change, as a ring: pushed, logged, folded, polled. A drop goes round whenever one of this window's has come back.

import { drawing, element, isCalm, write } from "./element.js";

const RADIUS = 52;
const MIDDLE = 80;
const STATIONS = [
  { name: "push", x: 80, y: 14, anchor: "middle" },
  { name: "log", x: 146, y: 84, anchor: "start" },
  { name: "fold", x: 80, y: 154, anchor: "middle" },
  { name: "poll", x: 14, y: 84, anchor: "end" },
];
/** Milliseconds of a turn. The real ones are too quick to be seen. */
const TURN = 620;
const DROPS = 4;

export class Circle {
  root;
  #label = drawing("text", { class: "middle", x: MIDDLE, y: MIDDLE + 2, "text-anchor": "middle" });
  #svg;
  #drops = 0;

  constructor() {
    const stations = STATIONS.flatMap(({ name, x, y, anchor }, at) => {
      const angle = (at * Math.PI) / 2 - Math.PI / 2;
      const [cx, cy] = [MIDDLE + RADIUS * Math.cos(angle), MIDDLE + RADIUS * Math.sin(angle)];
      const dot = drawing("circle", { class: "station", r: 4.5, cx, cy });
      const label = drawing("text", { x, y, "text-anchor": anchor });
      label.textContent = name;
      return [dot, label];
    });
    const caption = drawing("text", { class: "caption", x: MIDDLE, y: MIDDLE + 18, "text-anchor": "middle" });
    caption.textContent = "there and back";
    const meaning = "Changes go from push to log, are folded, and come back by poll";
    this.#svg = drawing("svg", { viewBox: "-26 0 212 162", role: "img", "aria-label": meaning },
      drawing("circle", { class: "ring", cx: MIDDLE, cy: MIDDLE, r: RADIUS }), ...stations, this.#label, caption);
    this.root = element("figure", { className: "circle" }, this.#svg);
  }

  render({ label, isLive, isWaiting }) {
    write(this.#label, label);
    this.root.classList.toggle("still", !isLive);
    this.root.classList.toggle("waiting", isWaiting);
  }

  turn() {
    if (isCalm() || this.#drops >= DROPS || document.hidden) return;
    this.#drops += 1;
    const drop = drawing("circle", { class: "drop", r: 5, cx: MIDDLE, cy: MIDDLE - RADIUS });
    this.#svg.append(drop);
    drop.style.transformOrigin = `${MIDDLE}px ${MIDDLE}px`;
    const turn = drop.animate([{ transform: "rotate(0deg)" }, { transform: "rotate(360deg)" }], { duration: TURN, easing: "ease-in-out" });
    turn.finished.finally(() => {
      drop.remove();
      this.#drops -= 1;
    });
  }
}
