// Shared state in a page or in Node: connect to an application, see its state, change it.
//
//     import { connect } from "/cistern.js";
//     const board = connect({ url: location.origin, app: "board" });
//     board.subscribe((state) => show(state));
//     board.push({ title: "Plan" });
//
// A change is shown at once and sent as soon as there is a server; what the server makes of it takes its place. ClientBehaviour.md says
// precisely what happens when, `cistern.d.ts` has the types. What is shown of pending changes is a preview (see cistern/patch.js).

import { WAYS } from "./cistern/delivery.js";
import { Keeping } from "./cistern/keeping.js";
import { typeOf } from "./cistern/patch.js";
import { OperationFailed, OperationRefused, Operations } from "./cistern/operations.js";
import { CHANGE_BYTES, MOST_PENDING } from "./cistern/queue.js";
import { Runner } from "./cistern/runner.js";
import { BrowserStorage, MemoryStorage } from "./cistern/storage.js";
import { canShare, SharedRunner } from "./cistern/tabs.js";
import { uuid } from "./cistern/tokens.js";

export { BrowserStorage, MemoryStorage, OperationFailed, OperationRefused };
export { apply } from "./cistern/patch.js";

/** A change that will never be in the state, and why: `problem` is the server's (RFC 9457). */
export class ChangeRejected extends Error {
  constructor(id, problem) {
    super(problem.detail ?? problem.title);
    this.name = "ChangeRejected";
    this.id = id;
    this.problem = problem;
  }
}

/** The connection was closed: before it was known what became of a change, or before it was pushed. */
export class ConnectionClosed extends Error {
  constructor() {
    super("The connection was closed; what was pending goes on only if it was kept");
    this.name = "ConnectionClosed";
  }
}

/** Milliseconds that closing waits for changes to be written down: a storage that is sound takes some. */
const KEEP_TIME = 5_000;

/** Begins to follow an application. It goes on, whatever fails, until it is closed. */
export function connect(options) {
  return new Connection(options);
}

/** Work of an application that takes longer than a request. Nothing goes on by itself, and nothing has to be closed. */
export function operations(options) {
  return new Operations(options);
}

class Connection {
  #runner;
  #subscribers = new Set();
  #listeners = { status: new Set(), rejected: new Set(), presence: new Set() };
  #answers = new Map();
  #keeping = new Keeping();
  #shown = {};
  #isOffline;
  #isClosed = false;
  #onNetwork = () => this.#runner.dispatch({ type: this.#isOnline ? "online" : "offline" });
  presence;

  constructor({ url, pushURL, app, token, ways, storage, isOffline = false, client, ...given }) {
    if (!url || !app) throw new TypeError("connect needs a url and an app");
    const name = `cistern ${url} ${app}`;
    const { WebSocket = globalThis.WebSocket, fetch } = given;
    const fresh = `c${uuid()}`;
    const server = { url, pushURL, app, token, presence: client ?? fresh, fetch };
    this.#isOffline = isOffline;
    const possible = WAYS.filter((way) => way !== "socket" || WebSocket !== undefined);
    const start = { client: fresh, ways: ways ?? possible, isOnline: this.#isOnline };
    const reports = {
      changed: () => this.#changed(), told: (answer) => this.#told(answer),
      kept: (key, isKept) => this.#keeping.known(key, isKept), leaving: () => {},
    };
    if (storage === undefined && canShare()) {
      this.#runner = new SharedRunner(name, { server, storage: new BrowserStorage(name), WebSocket }, start, reports);
    } else {
      this.#runner = new Runner({ server, storage: storage ?? new MemoryStorage(), WebSocket }, reports);
      this.#runner.start(start);
    }
    globalThis.addEventListener?.("online", this.#onNetwork);
    globalThis.addEventListener?.("offline", this.#onNetwork);
    this.presence = {
      set: (value) => this.#runner.dispatch({ type: "say", value }),
      get: () => this.#runner.clients,
      subscribe: (listener) => {
        this.#runner.dispatch({ type: "watch-presence" });
        return this.on("presence", listener);
      },
    };
  }

  get #isOnline() {
    return !this.#isOffline && (globalThis.navigator?.onLine ?? true);
  }

  get isOffline() {
    return this.#isOffline;
  }

  set isOffline(isOffline) {
    this.#isOffline = isOffline;
    this.#onNetwork();
  }

  get state() {
    return this.#runner.view;
  }

  get status() {
    const status = this.#runner.status ?? { phase: "connecting", way: null, exists: null, version: null, position: null, pending: 0, problem: null };
    return { ...status, isDurable: this.#runner.isDurable };
  }

  subscribe(listener) {
    this.#subscribers.add(listener);
    if (this.state !== undefined) listener(this.state, this.status);
    return () => this.#subscribers.delete(listener);
  }

  on(name, listener) {
    this.#listeners[name].add(listener);
    return () => this.#listeners[name].delete(listener);
  }

  push(change, { type = typeOf(change), ifMatch, ifNoneMatch } = {}) {
    if (this.#isClosed) throw new ConnectionClosed();
    const text = JSON.stringify(change);
    if (text === undefined) throw new TypeError("A change has to be a JSON value");
    const bytes = new TextEncoder().encode(text).length;
    if (bytes > CHANGE_BYTES) throw new RangeError(`A change has at most ${CHANGE_BYTES} bytes, this one has ${bytes}`);
    // Those of this moment are not counted in the status yet.
    const waiting = Math.max(this.status.pending, this.#answers.size);
    if (waiting >= MOST_PENDING) throw new RangeError(`${MOST_PENDING} changes wait already to be sent`);
    const key = uuid();
    const answer = new Promise((resolve, reject) => this.#answers.set(key, { resolve, reject }));
    // Who does not look at the promise has the “rejected” listeners.
    answer.catch(() => {});
    answer.kept = this.#keeping.begin(key);
    // A copy: what the caller does with its object later must not become part of the change.
    this.#runner.dispatch({ type: "push", key, mediaType: type, change: JSON.parse(text), bytes, ...conditions(ifMatch, ifNoneMatch) });
    return answer;
  }

  async close() {
    this.#isClosed = true;
    // Given in the page's first moments, they wait for the storage to be open, or for the tab that leads.
    await this.#keeping.settled(KEEP_TIME);
    globalThis.removeEventListener?.("online", this.#onNetwork);
    globalThis.removeEventListener?.("offline", this.#onNetwork);
    await this.#runner.stop();
    this.#keeping.close();
    for (const { reject } of this.#answers.values()) reject(new ConnectionClosed());
    this.#answers.clear();
  }

  #changed() {
    const { view, clients } = this.#runner;
    const status = this.status;
    const before = this.#shown;
    this.#shown = { view, clients, status: JSON.stringify(status) };
    if (view !== before.view) tell(this.#subscribers, view, status);
    if (clients !== before.clients) tell(this.#listeners.presence, clients);
    if (this.#shown.status !== before.status) tell(this.#listeners.status, status);
  }

  #told({ key, id, outcome, reason }) {
    const answer = this.#answers.get(key);
    this.#answers.delete(key);
    this.#keeping.over(key, outcome === "applied");
    if (outcome === "applied" || outcome === "unknown") return answer?.resolve({ id, outcome });
    const error = new ChangeRejected(id, reason);
    answer?.reject(error);
    tell(this.#listeners.rejected, error);
  }
}

/** An error in one listener is the program's, and keeps neither the others nor this client from going on. */
function tell(listeners, ...news) {
  for (const listener of [...listeners]) {
    try {
      listener(...news);
    } catch (error) {
      // Node has no reportError; there it goes the way of every uncaught error.
      const report = globalThis.reportError ?? ((uncaught) => queueMicrotask(() => { throw uncaught; }));
      report(error);
    }
  }
}

function conditions(ifMatch, ifNoneMatch) {
  const result = {};
  if (ifMatch !== undefined) result.if_match = ifMatch === "*" ? "*" : `"${ifMatch}"`;
  if (ifNoneMatch !== undefined) result.if_none_match = ifNoneMatch;
  return result;
}
