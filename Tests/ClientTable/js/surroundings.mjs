// What tests put round a client instead of servers, storages and browsers.

import { connect, MemoryStorage } from "../../../Sources/Pages/Web/cistern.js";

/** Connects for the time of a test: a client that nobody closes goes on for ever. */
export function joining(t, options) {
  const connection = connect({ url: "http://cistern.test", app: "a", ways: ["short"], ...options });
  t.after(() => connection.close());
  return connection;
}

/** A network in which every request is recorded and never answered. */
export function silence(t) {
  const requests = [];
  const original = globalThis.fetch;
  globalThis.fetch = (url, { method = "GET", body, signal }) => {
    requests.push({ method, path: new URL(url).pathname, body });
    return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
  };
  t.after(() => (globalThis.fetch = original));
  return requests;
}

/** Until all that is ready to happen has happened. */
export const settled = () => new Promise((resolve) => setImmediate(resolve));

/** A storage that outlives a connection, as far as a test goes. */
export const durable = () => Object.assign(new MemoryStorage(), { isDurable: true });

/** Web Locks as far as tabs need them: one holder at a time, the others in their order. */
class Locks {
  #last = Promise.resolve();

  request(_, { signal }, hold) {
    const turn = this.#last.then(() => (signal.aborted ? undefined : hold()));
    this.#last = turn.catch(() => {});
    return turn;
  }
}

/** The global `navigator` of a browser, for the time of a test. */
export function browsing(t) {
  const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks: new Locks() }, configurable: true });
  t.after(() => (original ? Object.defineProperty(globalThis, "navigator", original) : delete globalThis.navigator));
}
