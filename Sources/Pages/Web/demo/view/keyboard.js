// The board without a pointer: arrows go from card to card; Space lifts one, arrows then carry it, Space or Enter drops, Escape leaves it
// where it was. What happens is said to those who do not see it.

import { cardOf, neighbour, placeOf } from "../model/board.js";

const ARROWS = new Set(["ArrowUp", "ArrowDown", "ArrowLeft", "ArrowRight"]);

export class Keyboard {
  #view;
  #acts;
  /** The card that was lifted here, not by a pointer. */
  #held = null;

  /** `acts`: those of the board, and `drop(lifted)`, `announce(text)`. */
  constructor(root, view, acts) {
    this.#view = view;
    this.#acts = acts;
    root.addEventListener("keydown", (event) => this.#key(event));
    // Whoever goes elsewhere has let go. (Without a target it is the card itself that is moved in the page.)
    root.addEventListener("focusout", ({ target, relatedTarget }) => {
      if (relatedTarget !== null && this.#held !== null && target.dataset?.id === this.#held) this.#release();
    });
  }

  #key(event) {
    const id = event.target.dataset?.id;
    if (!event.target.classList.contains("card") || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#take(event.key, id)) event.preventDefault();
  }

  #take(key, id) {
    const isHeld = this.#held === id;
    if (ARROWS.has(key)) {
      if (isHeld) this.#carry(id, key);
      else this.#go(id, key);
      return true;
    }
    switch (key) {
      case " ":
        if (isHeld) this.#drop();
        else this.#lift(id);
        return true;
      case "Enter":
        if (isHeld) this.#drop();
        else this.#acts.edit(id);
        return true;
      case "Escape":
        if (isHeld) this.#cancel();
        return isHeld;
      case "t": case "x":
        this.#acts.tick(id);
        return true;
      case "n":
        this.#acts.add(placeOf(this.#view.shown, id).column);
        return true;
      case "Delete": case "Backspace":
        this.#remove(id);
        return true;
      default: return false;
    }
  }

  #go(id, key) {
    const { columns } = this.#view.shown;
    const place = placeOf(this.#view.shown, id);
    const at = columns.findIndex((column) => column.id === place.column);
    if (key === "ArrowUp" || key === "ArrowDown") {
      const next = columns[at].cards[place.index + (key === "ArrowUp" ? -1 : 1)];
      if (next) this.#view.focus(next.id);
      return;
    }
    const step = key === "ArrowLeft" ? -1 : 1;
    for (let next = at + step; columns[next]; next += step) {
      const { cards } = columns[next];
      if (cards.length > 0) return this.#view.focus(cards[Math.min(place.index, cards.length - 1)].id);
    }
  }

  /** The focus goes to what stands there next. */
  #remove(id) {
    const { column, index } = placeOf(this.#view.board, id);
    const { cards } = this.#view.board.columns.find((one) => one.id === column);
    const next = cards[index + 1] ?? cards[index - 1];
    this.#acts.remove(id);
    this.#view.focus(next?.id);
  }

  #lift(id) {
    const { column, before } = placeOf(this.#view.board, id);
    this.#held = id;
    this.#view.lift({ id, column, before });
    this.#acts.announce(`Lifted ${cardOf(this.#view.board, id).text}. Arrows move it, Space drops it, Escape puts it back.`);
  }

  #carry(id, key) {
    const to = neighbour(this.#view.shown, id, key);
    if (to === null) return;
    this.#view.lift(to);
    this.#view.focus(id);
    this.#say(id);
  }

  #drop() {
    const { lifted } = this.#view;
    if (lifted) this.#acts.drop(lifted);
    this.#release();
    if (!lifted) return;
    this.#view.focus(lifted.id);
    this.#say(lifted.id, "Dropped, ");
  }

  #cancel() {
    const id = this.#held;
    this.#release();
    this.#view.focus(id);
    this.#acts.announce("Put back.");
  }

  #release() {
    this.#held = null;
    this.#view.lift(null);
  }

  #say(id, begin = "") {
    const { column, index } = placeOf(this.#view.shown, id);
    const { title, cards } = this.#view.shown.columns.find((one) => one.id === column);
    this.#acts.announce(`${begin}${title}, ${index + 1} of ${cards.length}`);
  }
}
