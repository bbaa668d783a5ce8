// What this window did, to be undone and done again. Only what nobody else has changed since is taken back.

import { inverse, stillMine } from "./edits.js";

/** Steps that are remembered. */
const MOST_STEPS = 200;

export class History {
  #done = [];
  #undone = [];

  get canUndo() {
    return this.#done.length > 0;
  }

  get canRedo() {
    return this.#undone.length > 0;
  }

  /** A patch that is about to be pushed to this state. */
  record(state, patch) {
    this.#done.push({ patch, back: inverse(state, patch) });
    if (this.#done.length > MOST_STEPS) this.#done.shift();
    this.#undone = [];
  }

  /** The patch that takes the last step back; null if there is none, or others have changed all of it. */
  undo(state) {
    return swap(this.#done, this.#undone, state);
  }

  redo(state) {
    return swap(this.#undone, this.#done, state);
  }
}

function swap(from, to, state) {
  const step = from.pop();
  if (step === undefined) return null;
  const patch = stillMine(state, step.patch, step.back);
  if (patch === undefined) return null;
  to.push({ patch, back: inverse(state, patch) });
  return patch;
}
