// Moving cards with a mouse, a pen or a finger. A mouse takes a card anywhere; a finger takes it at its grip, or anywhere after a moment,
// so that the page can still be scrolled.

import { placeOf } from "../model/board.js";
import { isCalm } from "./element.js";

/** Pixels that a mouse goes before a click becomes a drag. */
const SLACK = 5;
/** Milliseconds that a finger rests before it takes a card, and pixels that it may tremble. */
const HOLD = 260;
const TREMBLE = 8;
/** Pixels from the window's edge where it begins to scroll, and pixels that it scrolls in a frame at most. */
const EDGE = 70;
const SCROLL_STEP = 14;

export class Drag {
  #view;
  #acts;
  /** Nothing, a pointer that is down, or one that has a card. */
  #grab = null;

  /** `acts`: `drop(lifted)`, `edit(id)`. */
  constructor(root, view, acts) {
    this.#view = view;
    this.#acts = acts;
    root.addEventListener("pointerdown", (event) => this.#down(event));
    // Only here a finger's movement can be kept from scrolling.
    root.addEventListener("touchmove", (event) => this.#grab?.ghost && event.preventDefault(), { passive: false });
    root.addEventListener("contextmenu", (event) => this.#grab && event.preventDefault());
  }

  #down(event) {
    const card = event.target.closest(".card");
    if (!card || event.button !== 0 || this.#grab || event.target.closest("input, button, textarea")) return;
    const { pointerId, clientX: x, clientY: y } = event;
    const grab = { id: card.dataset.id, card, pointerId, from: { x, y }, x, y, ghost: null, end: new AbortController() };
    grab.isFinger = event.pointerType === "touch" && !event.target.closest(".grip");
    this.#grab = grab;
    const { signal } = grab.end;
    addEventListener("pointermove", (moved) => this.#move(moved), { signal });
    addEventListener("pointerup", (up) => up.pointerId === pointerId && this.#up(), { signal });
    addEventListener("pointercancel", (lost) => lost.pointerId === pointerId && this.#end(), { signal });
    addEventListener("keydown", (key) => key.key === "Escape" && this.#end(), { signal, capture: true });
    if (grab.isFinger) grab.timer = setTimeout(() => this.#begin(), HOLD);
  }

  #move({ pointerId, clientX: x, clientY: y }) {
    const grab = this.#grab;
    if (pointerId !== grab.pointerId) return;
    Object.assign(grab, { x, y });
    if (grab.ghost) return this.#follow();
    const far = Math.hypot(x - grab.from.x, y - grab.from.y);
    // The finger wants to scroll.
    if (grab.isFinger) return far > TREMBLE ? this.#end() : undefined;
    if (far > SLACK) this.#begin();
  }

  #begin() {
    const grab = this.#grab;
    const place = placeOf(this.#view.board, grab.id);
    if (place === null) return this.#end();
    const rect = grab.card.getBoundingClientRect();
    const ghost = grab.card.cloneNode(true);
    ghost.removeAttribute("tabindex");
    ghost.setAttribute("aria-hidden", "true");
    ghost.classList.add("ghost");
    ghost.classList.remove("taken");
    Object.assign(ghost.style, { left: `${rect.left}px`, top: `${rect.top}px`, width: `${rect.width}px`, height: `${rect.height}px` });
    document.body.append(ghost);
    document.body.classList.add("dragging");
    grab.ghost = ghost;
    grab.rect = rect;
    this.#view.lift({ id: grab.id, column: place.column, before: place.before });
    this.#follow();
    this.#scroll();
  }

  #follow() {
    const { ghost, x, y, from, rect, id } = this.#grab;
    const [dx, dy] = [x - from.x, y - from.y];
    ghost.style.transform = `translate(${dx}px, ${dy}px) rotate(${isCalm() ? 0 : 1.2}deg)`;
    const target = this.#targetAt(x, rect.top + dy + rect.height / 2, y, id);
    const { lifted } = this.#view;
    if (lifted && (lifted.column !== target.column || lifted.before !== target.before)) this.#view.lift({ id, ...target });
  }

  /** The column under, or nearest to, the pointer, and the first card there whose middle is below the held one's. */
  #targetAt(x, middle, y, id) {
    const distance = ({ root }) => {
      const { left, right, top, bottom } = root.getBoundingClientRect();
      return Math.hypot(Math.max(left - x, 0, x - right), Math.max(top - y, 0, y - bottom));
    };
    const column = this.#view.columns.reduce((best, one) => (distance(one) < distance(best) ? one : best));
    // Where cards are laid out, not where they are on their way: else they would run away from the pointer and back.
    const { top } = column.list.getBoundingClientRect();
    const cards = [...column.list.children].filter((card) => card.dataset.id !== id);
    const next = cards.find((card) => top + card.offsetTop + card.offsetHeight / 2 > middle);
    return { column: column.id, before: next?.dataset.id ?? null };
  }

  #scroll() {
    const grab = this.#grab;
    if (!grab?.ghost) return;
    const up = Math.max(0, EDGE - grab.y);
    const down = Math.max(0, grab.y - (innerHeight - EDGE));
    if (up + down > 0) {
      scrollBy(0, (SCROLL_STEP * (down - up)) / EDGE);
      this.#follow();
    }
    requestAnimationFrame(() => this.#scroll());
  }

  #up() {
    const { ghost, id } = this.#grab;
    const { lifted } = this.#view;
    if (ghost && lifted) this.#acts.drop(lifted);
    this.#end();
    if (!ghost) this.#acts.edit(id);
  }

  #end() {
    const { ghost, timer, end, id } = this.#grab;
    clearTimeout(timer);
    end.abort();
    this.#grab = null;
    if (!ghost) return;
    document.body.classList.remove("dragging");
    this.#view.lift(null);
    this.#settle(ghost, this.#view.card(id)?.root);
  }

  /** The picture in the hand goes to where the card is now. */
  #settle(ghost, card) {
    const last = () => ghost.remove();
    if (!card || isCalm()) return last();
    const [from, to] = [ghost.style.transform, card.getBoundingClientRect()];
    const [x, y] = [to.left - parseFloat(ghost.style.left), to.top - parseFloat(ghost.style.top)];
    const frames = [{ transform: from }, { transform: `translate(${x}px, ${y}px)` }];
    card.classList.add("landing");
    ghost.animate(frames, { duration: 140, easing: "ease-out" }).finished.finally(() => {
      card.classList.remove("landing");
      last();
    });
  }
}
