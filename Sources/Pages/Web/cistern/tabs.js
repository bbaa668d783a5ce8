// One connection, one queue and one name for all tabs of a browser that show the same application.
//
// Whoever holds the Web Lock leads: it has the runner, and says to the others what they show. They hand it their changes and keep each
// until they hear that it is kept. When the leader goes, the lock goes to another tab, which loads the queue; changes that nobody has
// heard of are handed over again, told apart by their keys. What became of a change the leader may have taken with it: then nobody knows.
// A leader whose storage fails says before it sends a change that it has: handed over again, it could be folded in twice.

import { Runner } from "./runner.js";

export const canShare = () =>
  globalThis.navigator?.locks !== undefined && globalThis.BroadcastChannel !== undefined && globalThis.indexedDB !== undefined;

export class SharedRunner {
  #channel;
  #reports;
  #runner = null;
  #shown = { view: undefined, status: null, clients: {}, isDurable: true };
  /** Changes of this tab that may not be kept yet, by key. */
  #unkept = new Map();
  /** Keys of this tab's changes whose outcome was not told. */
  #unanswered = new Set();
  #saying;
  #isWatching = false;
  #release;
  #leaving = new AbortController();

  constructor(name, options, start, reports) {
    this.#reports = reports;
    this.#channel = new BroadcastChannel(name);
    this.#channel.onmessage = ({ data }) => this.#heard(data);
    const isOver = new Promise((resolve) => (this.#release = resolve));
    navigator.locks.request(name, { signal: this.#leaving.signal }, async () => {
      await this.#lead(options, start);
      await isOver;
    }).catch(() => {});
    this.#channel.postMessage({ hello: true });
  }

  get view() { return this.#shown.view; }
  get status() { return this.#shown.status; }
  get clients() { return this.#shown.clients; }
  get isDurable() { return this.#shown.isDurable; }

  dispatch(event) {
    if (event.type === "push") {
      this.#unkept.set(event.key, event);
      this.#unanswered.add(event.key);
    }
    if (event.type === "say") this.#saying = event;
    if (event.type === "watch-presence") this.#isWatching = true;
    if (this.#runner !== null) this.#give(event);
    // The leader sees for itself whether the network is there.
    else if (event.type !== "online" && event.type !== "offline") this.#channel.postMessage({ event });
  }

  async stop() {
    this.#leaving.abort();
    await this.#runner?.stop();
    this.#release();
    this.#channel.close();
  }

  async #lead(options, start) {
    const runner = new Runner(options, {
      changed: () => this.#show(),
      told: (answer) => this.#tell({ told: answer }),
      kept: (key, isKept) => this.#tell({ kept: { key, isKept } }),
      leaving: (keys) => this.#tell({ leaving: keys }),
    });
    await runner.start(start);
    if (this.#leaving.signal.aborted) return await runner.stop();
    this.#runner = runner;
    this.#handOver();
    this.#channel.postMessage({ leads: true });
    this.#show();
  }

  /** What this tab has to say to a leader that has not heard it. */
  #handOver() {
    if (this.#isWatching) this.dispatch({ type: "watch-presence" });
    if (this.#saying) this.dispatch(this.#saying);
    for (const event of this.#unkept.values()) this.dispatch(event);
    const unanswered = [...this.#unanswered];
    if (this.#runner !== null) this.#account(unanswered);
    else this.#channel.postMessage({ unanswered });
  }

  /** Of changes that are neither pending nor asked about: they were sent, and who waited for the outcome is gone. */
  #account(keys) {
    for (const key of keys) {
      if (!this.#runner.answers(key)) this.#tell({ told: { key, id: null, outcome: "unknown" } });
    }
  }

  #give(event) {
    // Handed over twice: it is in the queue already.
    if (event.type === "push" && this.#runner.answers(event.key)) return this.#runner.reportKept(event.key);
    this.#runner.dispatch(event);
  }

  /** Says what has changed: states can be large, and a copy of the same one would look like another. */
  #show({ isWhole = false } = {}) {
    if (this.#runner === null) return;
    const { view, status, clients, isDurable } = this.#runner;
    const shown = { status, isDurable };
    if (isWhole || view !== this.#shown.view) shown.view = view;
    if (isWhole || clients !== this.#shown.clients) shown.clients = clients;
    this.#tell({ shown });
  }

  /** To the others, and to this tab. */
  #tell(message) {
    this.#channel.postMessage(message);
    this.#heard(message);
  }

  #heard({ event, hello, leads, unanswered, shown, told, kept, leaving }) {
    if (this.#runner !== null) {
      if (event) this.#give(event);
      if (unanswered) this.#account(unanswered);
      if (hello) this.#show({ isWhole: true });
    } else if (leads) {
      this.#handOver();
    }
    if (shown) {
      this.#shown = { ...this.#shown, ...shown };
      this.#reports.changed();
    }
    for (const key of leaving ?? []) this.#unkept.delete(key);
    if (kept) {
      if (kept.isKept) this.#unkept.delete(kept.key);
      this.#reports.kept(kept.key, kept.isKept);
    }
    if (told) {
      this.#unkept.delete(told.key);
      this.#unanswered.delete(told.key);
      this.#reports.told(told);
    }
  }
}
