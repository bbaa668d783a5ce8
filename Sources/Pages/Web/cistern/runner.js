// Does what the core decides: gives it events, one after the other, and carries out its actions.

import { initial, statusOf, step } from "./core.js";
import { Server, silence } from "./http.js";
import { idOf } from "./queue.js";
import { openSocket } from "./socket.js";
import { MemoryStorage } from "./storage.js";

/**
 * Milliseconds for reading the storage: a browser may let the opening of a database wait for ever, behind another page that does not let go of
 * it. A sound one takes some, or a second or two where everything is slow; until then the page shows nothing.
 */
const READ_TIME = 10_000;

export class Runner {
  #state = null;
  #server;
  #storage;
  #socketType;
  #reports;
  #timers = new Map();
  #events = [];
  #isStepping = false;
  #stream = null;
  #saved = Promise.resolve();
  #unsaved = null;
  #isStopped = false;
  isDurable;

  /**
   * `reports`: `changed()`, `told({key, id, outcome, reason})`, `kept(key, isKept)` once it is known whether a change outlives this runner, and
   * `leaving(keys)` before changes are sent that do not.
   */
  constructor({ server, storage, WebSocket }, reports) {
    this.#server = new Server(server);
    this.#storage = storage;
    this.#socketType = WebSocket;
    this.#reports = reports;
    this.isDurable = storage.isDurable;
  }

  /** Goes on from what was kept. `client` is the name if there is nothing. */
  async start({ client, ways, isOnline }) {
    let kept = null;
    try {
      kept = await within(READ_TIME, this.#storage.load());
    } catch {
      // Without its storage it works all the same, as long as the page is there. What it may have is of another name: nothing is put beside that.
      this.#storage.close();
      this.#storage = new MemoryStorage();
      this.isDurable = false;
    }
    // What an earlier start has sent may still be on its way.
    const queue = kept === null ? { client } : { ...kept.meta, items: kept.items.map((item) => ({ ...item, isStray: true })) };
    if (this.#isStopped) return;
    // Said meanwhile: a stream that was opened without would have to be opened again.
    const wanted = this.#events.some(({ type }) => type === "watch-presence");
    this.#state = initial({ queue, delivery: { ways }, isOnline, presence: { wanted } });
    this.#events.unshift({ type: "start" });
    this.#run();
    this.#reports.changed();
  }

  get view() {
    return this.#state?.view;
  }

  get status() {
    return this.#state === null ? null : statusOf(this.#state);
  }

  get clients() {
    return this.#state?.presence.clients ?? {};
  }

  /** Whether it will tell what becomes of the change: it is pending, or its outcome is asked for. */
  answers(key) {
    return this.#state.queue.items.some((item) => item.key === key) || this.#state.questions.some((question) => question.key === key);
  }

  dispatch(event) {
    if (this.#isStopped) return;
    this.#events.push(event);
    // What comes before the storage was read waits for that.
    if (this.#state !== null) this.#run();
  }

  #run() {
    if (this.#isStepping) return;
    this.#isStepping = true;
    try {
      while (this.#events.length > 0) this.#step(this.#events.shift());
    } finally {
      this.#isStepping = false;
    }
  }

  /** Says of a change in the queue whether it is kept, as soon as that is known. */
  reportKept(key) {
    this.#saved.then(() => this.#reports.kept(key, this.isDurable));
  }

  /** Ends everything; what is pending stays in the storage. */
  async stop() {
    if (this.#state !== null) this.dispatch({ type: "stop" });
    this.#isStopped = true;
    await this.#saved;
    this.#storage.close();
  }

  #step(event) {
    const before = this.#state;
    const { state, actions } = step(before, event);
    this.#state = state;
    for (const action of actions) this.#act(action);
    if (event.type === "push") this.reportKept(event.key);
    const isSeen = state.view !== before.view || state.presence.clients !== before.presence.clients
      || JSON.stringify(statusOf(state)) !== JSON.stringify(statusOf(before));
    if (isSeen) this.#reports.changed();
  }

  #act(action) {
    switch (action.do) {
      case "save": return this.#save(action);
      case "send": return this.#send(action);
      case "ask": return this.#request(this.#server.outcome(action.id));
      case "tell": return this.#reports.told(action);
      case "open": return this.#open(action);
      case "poll": return this.#poll(action);
      case "close": return this.#close();
      case "say":
        if (action.over === "socket") return this.#stream.socket.say(action);
        return this.#request(this.#server.say(action));
      case "ask-presence": return this.#request(this.#server.whoIsHere(action));
      case "timer": return this.#timer(action);
      case "cancel":
        clearTimeout(this.#timers.get(action.name));
        this.#timers.delete(action.name);
    }
  }

  async #request(answer) {
    const event = await answer;
    if (event.type) this.dispatch(event);
  }

  // Pushing

  /**
   * What one turn of the event loop has to write down is written in one piece, and without waiting for earlier pieces: a page may be
   * gone in the next moment.
   */
  #save({ meta, put, drop }) {
    const unsaved = this.#unsaved;
    if (unsaved !== null) {
      const dropped = new Set(drop);
      const replaced = new Set(put.map((item) => item.order));
      unsaved.meta = meta;
      unsaved.put = [...unsaved.put.filter(({ order }) => !dropped.has(order) && !replaced.has(order)), ...put];
      unsaved.drop.push(...drop);
      return;
    }
    this.#unsaved = { meta, put, drop };
    this.#saved = Promise.all([this.#saved, this.#write()]);
  }

  async #write() {
    await null;
    const changes = this.#unsaved;
    this.#unsaved = null;
    try {
      await this.#storage.save(changes);
    } catch {
      if (!this.isDurable) return;
      this.isDurable = false;
      this.#reports.changed();
    }
  }

  /** Nothing leaves before it is kept: a later start could give its id to another change. */
  async #send({ over, changes }) {
    const stream = this.#stream;
    await this.#saved;
    if (!this.isDurable) this.#reports.leaving(this.#keys(changes));
    if (over === "http") return await this.#request(this.#server.push(changes));
    // If the socket is gone meanwhile, the core has already decided to send them again.
    if (stream !== this.#stream) return;
    for (const change of changes) stream.socket.push(change);
  }

  #keys(changes) {
    const ids = new Set(changes.map(({ id }) => id));
    return this.#state.queue.items.filter((item) => ids.has(idOf(item))).map(({ key }) => key);
  }

  // States

  #open({ way, have, presence }) {
    this.#close();
    if (way === "socket") return this.#openSocket({ have, presence });
    const control = new AbortController();
    this.#stream = { control };
    this.#server.events({ have, presence }, (event) => {
      if (!control.signal.aborted) this.dispatch(event);
    }, control.signal);
  }

  async #openSocket(options) {
    const stream = {};
    this.#stream = stream;
    try {
      const { pollURL, name } = this.#server;
      const token = await this.#server.credential();
      if (stream !== this.#stream) return;
      stream.socket = openSocket(pollURL, { name, token, ...options }, (event) => this.dispatch(event), this.#socketType);
    } catch (error) {
      if (stream === this.#stream) this.dispatch({ type: "closed", way: "socket", problem: silence(error) });
    }
  }

  async #poll(action) {
    if (action.purpose !== "way") return await this.#request(this.#server.poll(action));
    const control = new AbortController();
    this.#stream = { control };
    const event = await this.#server.poll(action, control.signal);
    if (!control.signal.aborted) this.dispatch(event);
  }

  #close() {
    this.#stream?.socket?.close();
    this.#stream?.control?.abort();
    this.#stream = null;
  }

  #timer({ name, between: [low, high] }) {
    clearTimeout(this.#timers.get(name));
    const fire = () => {
      this.#timers.delete(name);
      this.dispatch({ type: "timer", name });
    };
    this.#timers.set(name, setTimeout(fire, low + Math.random() * (high - low)));
  }
}

/** Rejected if it takes longer than this (milliseconds). */
async function within(limit, promise) {
  let timer;
  const isOver = new Promise((_, reject) => (timer = setTimeout(() => reject(new Error("It takes too long")), limit)));
  try {
    return await Promise.race([promise, isOver]);
  } finally {
    clearTimeout(timer);
  }
}
