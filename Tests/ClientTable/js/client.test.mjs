// What stands round the core: events at every split, what is kept before it is sent, tabs that share one connection. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserStorage, ChangeRejected, connect, ConnectionClosed, MemoryStorage } from "../../../Sources/Pages/Web/cistern.js";
import { sum } from "../../../Sources/Pages/Web/cistern/decimal.js";
import { eventReader } from "../../../Sources/Pages/Web/cistern/sse.js";
import { eventOf } from "../../../Sources/Pages/Web/cistern/socket.js";
import { SharedRunner } from "../../../Sources/Pages/Web/cistern/tabs.js";

test("Events are read alike at every split", () => {
  const stream = 'retry: 1000\n\nid: e-1\nposition: e-1\nevent: state\ndata: {"a":1}\n\n:\n\nid: e-2\nposition: e-3\nevent: patch\ndata: {"a":2}\n\n'
    + 'event: presence\ndata: {"clients":{}}\n\nid\nevent: deleted\ndata: {}\n\n';
  const wanted = [
    { type: "state", version: "e-1", position: "e-1", state: { a: 1 } },
    { type: "heard" },
    { type: "patch", from: "e-1", version: "e-2", position: "e-3", patch: { a: 2 } },
    { type: "present", clients: {} },
    { type: "unknown" },
  ];
  for (let first = 0; first <= stream.length; first += 1) {
    for (const second of [first, Math.min(first + 1, stream.length), Math.min(first + 7, stream.length)]) {
      const events = [];
      const read = eventReader(null, (event) => events.push(event));
      for (const piece of [stream.slice(0, first), stream.slice(first, second), stream.slice(second)]) read(piece);
      assert.deepEqual(events, wanted);
    }
  }
});

test("A socket's messages become events, those of later versions of the protocol none", () => {
  assert.deepEqual(eventOf({ ack: { id: "c~1", receipt: "e-1" } }), { type: "ack", id: "c~1", receipt: "e-1" });
  assert.deepEqual(eventOf({ deleted: true }), { type: "unknown" });
  assert.deepEqual(eventOf({ state: null, version: "e-1", position: "e-2" }), { type: "state", version: "e-1", position: "e-2", state: null });
  assert.equal(eventOf({ refused: { id: "c~1", problem: { retry_after: 2 } } }).retryAfter, 2000);
  assert.equal(eventOf({ refused: { problem: {} } }).type, "say-failed");
  assert.equal(eventOf({ somethingNew: 1 }), null);
});

test("Sums are those of decimals", () => {
  for (const [a, b, result] of [[0.1, 0.2, 0.3], [1e-7, 1e-7, 2e-7], [-0.5, 0.25, -0.25], [1e21, -1e21, 0], [1.1, -1.1, 0], [1e300, 1e-300, 1e300]]) {
    assert.equal(sum(a, b), result);
  }
});

/** Connects for the time of a test: a client that nobody closes goes on for ever. */
function joining(t, options) {
  const connection = connect({ url: "http://cistern.test", app: "a", ways: ["short"], ...options });
  t.after(() => connection.close());
  return connection;
}

/** A network in which every request is recorded and never answered. */
function silence(t) {
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
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("Nothing is sent before it is kept", async (t) => {
  const requests = silence(t);
  const storage = new MemoryStorage();
  let keep;
  storage.save = () => new Promise((resolve) => (keep = resolve));
  const a = joining(t, { storage });
  a.push({ n: 1 });
  await settled();
  assert.deepEqual(a.state, { n: 1 });
  assert.deepEqual(requests.filter(({ method }) => method === "PUT"), []);
  keep();
  await settled();
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
});

test("A storage that fails is said to, and the change is sent all the same", async (t) => {
  const requests = silence(t);
  const storage = new MemoryStorage();
  storage.isDurable = true;
  storage.save = () => Promise.reject(new Error("quota"));
  const a = joining(t, { storage });
  assert.equal(a.status.isDurable, true);
  a.push({ n: 1 });
  await settled();
  assert.equal(a.status.isDurable, false);
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
});

/** A storage that outlives a connection, as far as a test goes. */
const durable = () => Object.assign(new MemoryStorage(), { isDurable: true });

test("A change is said to be kept when it is, and not before, from the first moment on", async (t) => {
  silence(t);
  const storage = durable();
  let [open, keep] = [];
  storage.load = () => new Promise((resolve) => (open = () => resolve(null)));
  storage.save = () => new Promise((resolve) => (keep = resolve));
  const a = joining(t, { storage });
  const told = [];
  const push = () => a.push({ n: 1 }).kept.then((isKept) => told.push(isKept));
  push();
  await settled();
  assert.deepEqual([keep, told], [undefined, []], "the storage is not open yet");
  open();
  await settled();
  assert.deepEqual(told, [], "it is being written down");
  keep();
  await settled();
  assert.deepEqual(told, [true]);
  push();
  await settled();
  assert.deepEqual(told, [true]);
  keep();
  await settled();
  assert.deepEqual(told, [true, true]);
});

test("A change that no storage keeps is said not to be kept", async (t) => {
  silence(t);
  const failing = durable();
  failing.save = () => Promise.reject(new Error("quota"));
  const broken = durable();
  broken.load = broken.save = () => Promise.reject(new Error("no such thing here"));
  for (const storage of [new MemoryStorage(), failing, broken]) assert.equal(await joining(t, { storage }).push({ n: 1 }).kept, false);
});

test("Who leaves the page is asked as long as it has changes that would be lost with it", async (t) => {
  const page = new EventTarget();
  for (const name of ["addEventListener", "removeEventListener"]) globalThis[name] = page[name].bind(page);
  t.after(() => ["addEventListener", "removeEventListener"].forEach((name) => delete globalThis[name]));
  const isHeld = () => !page.dispatchEvent(new Event("beforeunload", { cancelable: true }));
  silence(t);
  const a = joining(t, { storage: durable() });
  assert.equal(isHeld(), false);
  const change = a.push({ n: 1 });
  assert.equal(isHeld(), true);
  await change.kept;
  assert.equal(isHeld(), false);

  let answer;
  const fetch = (_, { method }) => (method === "PUT" ? new Promise((resolve) => (answer = resolve)) : new Promise(() => {}));
  const b = joining(t, { app: "b", storage: new MemoryStorage(), fetch });
  assert.equal(await b.push([{ op: "no such operation" }]).kept, false);
  assert.equal(isHeld(), true, "another page's storage does not help");
  const problem = { type: "/problems/invalid-patch", status: 400, title: "No", pointer: "/0" };
  answer(new Response(JSON.stringify(problem), { status: 400, headers: { "Content-Type": "application/problem+json" } }));
  await new Promise((resolve) => b.on("rejected", resolve));
  assert.equal(isHeld(), false, "nothing is left to be kept");
});

test("Closing waits for what was pushed before the storage was open", async (t) => {
  silence(t);
  const storage = durable();
  let open;
  storage.load = () => new Promise((resolve) => (open = () => resolve(null)));
  const a = joining(t, { storage });
  a.push({ n: 1 });
  const closing = a.close();
  open();
  await closing;
  delete storage.load;
  assert.deepEqual((await storage.load()).items.map(({ change }) => change), [{ n: 1 }]);
});

test("Who waits for a change when the connection is closed is told so, and nobody can push any more", async (t) => {
  silence(t);
  const storage = durable();
  const a = joining(t, { storage });
  const [sent, queued] = [a.push({ n: 1 }), a.push({ n: 2 })];
  await settled();
  const closing = a.close();
  assert.throws(() => a.push({ n: 3 }), ConnectionClosed);
  for (const change of [sent, queued]) {
    await assert.rejects(change, (error) => error instanceof ConnectionClosed && error.name === "ConnectionClosed" && /closed/.test(error.message));
    assert.equal(await change.kept, true);
  }
  await closing;
  assert.deepEqual((await storage.load()).items.map(({ change }) => change), [{ n: 1 }, { n: 2 }], "the next one goes on with them");

  const never = durable();
  never.load = () => new Promise(() => {});
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const b = connect({ url: "http://cistern.test", app: "b", ways: ["short"], storage: never });
  const early = b.push({ n: 1 });
  const end = b.close();
  t.mock.timers.tick(5_000);
  await assert.rejects(early, ConnectionClosed);
  assert.equal(await early.kept, false);
  await end;
});

test("A change of a tab that is closed and does not lead ends the same way", { timeout: 10_000 }, async (t) => {
  silence(t);
  browsing(t);
  Object.assign(globalThis, { indexedDB: {} });
  t.after(() => delete globalThis.indexedDB);
  const [leading, other] = [1, 2].map(() => connect({ url: "http://cistern.test", app: `a${process.pid}`, ways: ["short"] }));
  t.after(() => leading.close());
  await new Promise((resolve) => other.on("status", resolve));
  const change = other.push({ n: 1 });
  await change.kept;
  await other.close();
  await assert.rejects(change, ConnectionClosed);
  assert.equal(leading.status.pending, 1, "it goes on all the same");
});

/** An IndexedDB that opens nothing until it is told to. */
function hangingDatabase(t) {
  const database = { opening: [], isClosed: false, close() { this.isClosed = true; } };
  globalThis.indexedDB = {
    open: () => {
      const opening = { result: database };
      database.opening.push(opening);
      return opening;
    },
  };
  t.after(() => delete globalThis.indexedDB);
  return database;
}

test("A database that does not open keeps nobody waiting for ever: changes are kept in memory then, which is said", async (t) => {
  const requests = silence(t);
  const database = hangingDatabase(t);
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const a = joining(t, { storage: new BrowserStorage("a") });
  const change = a.push({ n: 1 });
  t.mock.timers.tick(9_999);
  await settled();
  assert.deepEqual([a.state, a.status.isDurable, requests.length], [undefined, true, 0], "it may still open");
  t.mock.timers.tick(1);
  assert.equal(await change.kept, false);
  await settled();
  assert.deepEqual([a.state, a.status.isDurable], [{ n: 1 }, false]);
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
  // Nothing is written into it any more: what it has is of another name.
  database.opening[0].onsuccess();
  await settled();
  assert.equal(database.isClosed, true);
});

test("A storage that cannot be read is not written to", async (t) => {
  silence(t);
  const storage = durable();
  const saved = [];
  storage.load = () => Promise.reject(new Error("damaged"));
  storage.save = async (changes) => saved.push(changes);
  const a = joining(t, { storage });
  assert.equal(await a.push({ n: 1 }).kept, false);
  assert.deepEqual([saved, a.status.isDurable], [[], false]);
});

test("What the caller does with a change afterwards does not become part of it", async (t) => {
  silence(t);
  const a = joining(t);
  const change = { list: [1] };
  a.push(change);
  change.list.push(2);
  await settled();
  assert.deepEqual(a.state, { list: [1] });
});

test("A change that is no JSON or too large is refused at once", async (t) => {
  silence(t);
  const a = joining(t);
  assert.throws(() => a.push(undefined), TypeError);
  assert.throws(() => a.push({ text: "x".repeat(1024 * 1024) }), RangeError);
  assert.equal(new ChangeRejected("c~1", { title: "No" }).message, "No");
});

test("Who wants to see others from the start opens one stream, with presence", async (t) => {
  const opened = [];
  class Socket {
    constructor(url) { opened.push(url); }
    close() {}
  }
  const connection = joining(t, { ways: ["socket"], WebSocket: Socket });
  connection.presence.subscribe(() => {});
  await new Promise((resolve) => connection.on("status", resolve));
  assert.equal(opened.length, 1);
  assert.match(opened[0], /presence=1/);
});

test("A token goes with a socket as a subprotocol, and is asked for anew when the socket has ended", async (t) => {
  const opened = [];
  let given = 0;
  let isOpenedAgain;
  const again = new Promise((resolve) => (isOpenedAgain = resolve));
  class Socket {
    constructor(url, protocols) {
      opened.push({ url, protocols });
      if (opened.length === 2) return isOpenedAgain();
      setTimeout(() => {
        this.onopen();
        this.onclose({ code: 4401 });
      });
    }
    close() {}
  }
  const token = async () => `t${(given += 1)}`;
  const connection = connect({ url: "http://nowhere.invalid", app: "a", ways: ["socket"], token, WebSocket: Socket });
  t.after(() => connection.close());
  await again;
  assert.deepEqual(opened.map(({ protocols }) => protocols), [["cistern.v1", "bearer.t1"], ["cistern.v1", "bearer.t2"]]);
  assert.ok(opened.every(({ url }) => !url.includes("t1") && !url.includes("t2")));
});

test("A client that is set offline asks nobody, keeps what is pushed, and goes on from there", async (t) => {
  const asked = [];
  let heard;
  const isAsked = new Promise((resolve) => (heard = resolve));
  const fetch = async (url, { method = "GET" }) => {
    asked.push(method);
    if (method === "PUT") heard();
    throw new TypeError("nobody is there");
  };
  const connection = joining(t, { fetch, isOffline: true });
  await new Promise((resolve) => connection.on("status", resolve));
  connection.push({ a: 1 });
  assert.deepEqual([connection.status.phase, connection.status.pending, asked], ["offline", 1, []]);
  connection.isOffline = false;
  await isAsked;
  assert.equal(connection.status.pending, 1);
});

test("A listener that throws keeps neither the others nor the client from going on", async (t) => {
  const requests = silence(t);
  const thrown = [];
  globalThis.reportError = (error) => thrown.push(error.message);
  t.after(() => delete globalThis.reportError);
  const a = joining(t);
  const seen = [];
  a.subscribe(() => {
    throw new Error("mine");
  });
  a.subscribe((state) => seen.push(state));
  a.push({ n: 1 });
  await settled();
  assert.deepEqual(thrown, ["mine"]);
  assert.deepEqual(seen, [{ n: 1 }]);
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
});

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
function browsing(t) {
  const original = Object.getOwnPropertyDescriptor(globalThis, "navigator");
  Object.defineProperty(globalThis, "navigator", { value: { locks: new Locks() }, configurable: true });
  t.after(() => (original ? Object.defineProperty(globalThis, "navigator", original) : delete globalThis.navigator));
}

/** A tab, and a way to wait until what it shows fulfils a condition. */
function openTab(t, name, storage, { told = () => {}, kept = () => {} } = {}) {
  const waiting = new Set();
  const look = () => {
    for (const wait of waiting) {
      if (!wait.condition(runner)) continue;
      waiting.delete(wait);
      wait.resolve();
    }
  };
  const server = { url: "http://cistern.test", app: "a", presence: "p" };
  const runner = new SharedRunner(name, { server, storage }, { client: "c", ways: ["short"], isOnline: true }, { changed: look, told, kept });
  t.after(() => runner.stop());
  const until = (condition) => new Promise((resolve) => {
    waiting.add({ condition, resolve });
    look();
  });
  return { runner, until };
}

const push = (key, change) => ({ type: "push", key, mediaType: "application/merge-patch+json", change, bytes: 1 });

test("Tabs share one queue and one name, and the next one goes on when the leader goes", { timeout: 10_000 }, async (t) => {
  const requests = silence(t);
  browsing(t);
  const [name, storage] = [`test ${crypto.randomUUID()}`, durable()];
  const first = openTab(t, name, storage);
  first.runner.dispatch(push("k", { a: 1 }));
  await first.until(({ view }) => view?.a === 1);
  const second = openTab(t, name, storage);
  await second.until(({ view }) => view?.a === 1);
  second.runner.dispatch(push("l", { b: 2 }));
  await Promise.all([first, second].map((tab) => tab.until(({ view, status }) => view?.b === 2 && status.pending === 2)));
  assert.equal(requests.filter(({ method }) => method === "GET").length, 1, "one connection");

  await first.runner.stop();
  const third = openTab(t, name, storage);
  await Promise.all([second, third].map((tab) => tab.until(({ view, status }) => view?.a === 1 && view?.b === 2 && status?.pending === 2)));
  const sent = requests.filter(({ method }) => method === "PUT").map(({ body }) => JSON.parse(body).map(({ id }) => id));
  assert.deepEqual(sent.at(-1), ["c~1", "c~2"]);
});

test("Who waits for an outcome that the leader took with it is told that nobody knows it", { timeout: 10_000 }, async (t) => {
  silence(t);
  browsing(t);
  const [name, storage] = [`test ${crypto.randomUUID()}`, durable()];
  const first = openTab(t, name, storage);
  await first.until(({ status }) => status !== null);
  const told = [];
  const second = openTab(t, name, storage, { told: (answer) => told.push(answer) });
  await second.until(({ status }) => status !== null);
  second.runner.dispatch(push("k", { a: 1 }));
  second.runner.dispatch(push("l", { a: 2 }));
  await Promise.all([first, second].map((tab) => tab.until(({ status }) => status.pending === 2)));
  // Confirmed, dropped, and not told: as if the leader went while it asked for the outcome.
  const { meta, items } = await storage.load();
  await storage.save({ meta, put: [], drop: [items[0].order] });
  await first.runner.stop();
  await second.until(({ status }) => status.pending === 1);
  assert.deepEqual(told, [{ key: "k", id: null, outcome: "unknown" }]);
});

test("A change that is handed over twice is in the queue once", { timeout: 10_000 }, async (t) => {
  silence(t);
  browsing(t);
  const tab = openTab(t, `test ${crypto.randomUUID()}`, durable());
  await tab.until(({ status }) => status !== null);
  tab.runner.dispatch(push("k", { a: 1 }));
  tab.runner.dispatch(push("k", { a: 1 }));
  await tab.until(({ view }) => view?.a === 1);
  assert.equal(tab.runner.status.pending, 1);
});

/** Two tabs, the first of which leads and cannot write anything down, and what the second was told of its changes. */
async function openTabsOfWhichTheFirstKeepsNothing(t, network) {
  browsing(t);
  const name = `test ${crypto.randomUUID()}`;
  const full = durable();
  full.save = () => Promise.reject(new Error("quota"));
  const first = openTab(t, name, full);
  await first.until(({ status }) => status !== null);
  first.runner.dispatch({ type: network });
  const reports = { told: [], kept: [] };
  let heard;
  const second = openTab(t, name, durable(), { told: (answer) => reports.told.push(answer), kept: (...news) => reports.kept.push(news) && heard?.() });
  await second.until(({ status }) => status !== null);
  const isHeard = new Promise((resolve) => (heard = resolve));
  second.runner.dispatch(push("k", { a: 1 }));
  await isHeard;
  return { first, second, reports };
}

test("A leader that cannot write a change down does not say that it is kept, and when it goes the next one is given the change", { timeout: 10_000 }, async (t) => {
  silence(t);
  const { first, second, reports } = await openTabsOfWhichTheFirstKeepsNothing(t, "offline");
  assert.deepEqual(reports.kept, [["k", false]]);
  await first.runner.stop();
  await second.until(({ status, isDurable }) => status.pending === 1 && isDurable);
  await settled();
  assert.deepEqual(reports, { told: [], kept: [["k", false], ["k", true]] });
});

test("What such a leader has sent is not sent by the next one under another id", { timeout: 10_000 }, async (t) => {
  const requests = silence(t);
  const { first, second, reports } = await openTabsOfWhichTheFirstKeepsNothing(t, "online");
  await first.until(() => requests.some(({ method }) => method === "PUT"));
  await first.runner.stop();
  await second.until(({ isDurable }) => isDurable);
  await settled();
  assert.deepEqual(reports.told, [{ key: "k", id: null, outcome: "unknown" }]);
  assert.equal(second.runner.status.pending, 0);
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
});
