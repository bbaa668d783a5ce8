// Has the board drawn by a worker, which all windows see by the state.

import { operations } from "../../cistern.js";
import { token } from "../../token.js";
import { KIND, PLACE } from "../model/picture.js";

/** Milliseconds that somebody waits for an answer before the page says that there is none. */
const PATIENCE = 10_000;

export class PictureMaker {
  #jobs;
  /** The last one that this window has asked for. */
  #own = null;

  constructor(where) {
    this.#jobs = operations({ ...where, token: token() });
  }

  async begin() {
    this.#own = this.#jobs.start(KIND, null, { publish: PLACE, signal: AbortSignal.timeout(PATIENCE) });
    await this.#own.started;
  }

  /** Whether this window has asked for one, and so can take the wish back. */
  async cancel() {
    await this.#own?.cancel({ signal: AbortSignal.timeout(PATIENCE) });
    return this.#own !== null;
  }

  /** Saves what a worker has drawn. The answer is fetched, not opened: a token goes with it, and it may be of another origin. */
  async save(id, name) {
    const result = await this.#jobs.get(id).result({ signal: AbortSignal.timeout(PATIENCE) });
    const address = URL.createObjectURL(await result.blob());
    const link = document.createElement("a");
    link.href = address;
    link.download = name;
    link.click();
    // The browser has begun to save it by then.
    setTimeout(() => URL.revokeObjectURL(address), PATIENCE);
  }
}
