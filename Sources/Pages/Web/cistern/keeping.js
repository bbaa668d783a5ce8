// Changes of a page that would be lost with it: they are not written down yet, or cannot be. As long as there are some, the browser asks who
// leaves the page whether they mean it.

export class Keeping {
  /** By key. One that is not kept stays until it is known what became of it. */
  #changes = new Map();
  #hold = (event) => {
    // A browser asks nobody who has never touched the page, and complains in the console of pages that want it to.
    if (globalThis.navigator?.userActivation?.hasBeenActive ?? true) event.preventDefault();
  };

  /** A promise of whether the change outlives the page. */
  begin(key) {
    if (this.#changes.size === 0) globalThis.addEventListener?.("beforeunload", this.#hold);
    const change = {};
    change.isKept = new Promise((resolve) => (change.tell = resolve));
    this.#changes.set(key, change);
    return change.isKept;
  }

  known(key, isKept) {
    this.#changes.get(key)?.tell(isKept);
    if (isKept) this.#end(key);
  }

  /** Nothing is left to be kept: the server has it, or it came to nothing. */
  over(key, isKept) {
    this.known(key, isKept);
    this.#end(key);
  }

  /** Until it is known of every change so far, but no longer than this (milliseconds). */
  async settled(limit) {
    if (this.#changes.size === 0) return;
    let timer;
    const isOver = new Promise((resolve) => (timer = setTimeout(resolve, limit)));
    await Promise.race([Promise.all([...this.#changes.values()].map(({ isKept }) => isKept)), isOver]);
    clearTimeout(timer);
  }

  /** Nobody will say anything any more. */
  close() {
    for (const key of [...this.#changes.keys()]) this.over(key, false);
  }

  #end(key) {
    if (this.#changes.delete(key) && this.#changes.size === 0) globalThis.removeEventListener?.("beforeunload", this.#hold);
  }
}
