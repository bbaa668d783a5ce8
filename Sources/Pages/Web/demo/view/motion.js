// What stands somewhere else than before goes there, instead of jumping (“first, last, invert, play”).

import { isCalm } from "./element.js";

const DURATION = 190;
const EASING = "cubic-bezier(.2, .8, .3, 1)";

export class Motion {
  #before = new Map();
  #running = new WeakMap();

  /** Before a change: where things are, on their way too. */
  begin(elements) {
    this.#before = new Map(elements.map((element) => [element, element.getBoundingClientRect()]));
  }

  end(elements) {
    if (isCalm()) return;
    const moves = elements.flatMap((element) => {
      const before = this.#before.get(element);
      if (!before) return [];
      this.#running.get(element)?.cancel();
      const { left, top } = element.getBoundingClientRect();
      const [x, y] = [before.left - left, before.top - top];
      return Math.abs(x) + Math.abs(y) < 1 ? [] : [{ element, x, y }];
    });
    for (const { element, x, y } of moves) {
      const frames = [{ transform: `translate(${x}px, ${y}px)` }, { transform: "none" }];
      this.#running.set(element, element.animate(frames, { duration: DURATION, easing: EASING }));
    }
  }
}
