// When a change is written down, and what is said of it: before it leaves, before the page is told so, and at the end. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BrowserStorage, connect, ConnectionClosed, MemoryStorage } from "../../../Sources/Pages/Web/cistern.js";
import { durable, joining, settled, silence } from "./surroundings.mjs";

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

test("What an earlier page may have sent gets a new name when a change before it is refused", async (t) => {
  const storage = durable();
  const requests = silence(t);
  const first = joining(t, { storage });
  for (const n of [1, 2, 3]) first.push({ n });
  await settled();
  assert.equal(requests.filter(({ method }) => method === "PUT").length, 1);
  await first.close();

  const batches = [];
  let heard;
  const isSentAgain = new Promise((resolve) => (heard = resolve));
  const fetch = async (_, { method = "GET", body }) => {
    if (method !== "PUT") return await new Promise(() => {});
    batches.push(JSON.parse(body).map(({ id }) => id));
    if (batches.length > 1) {
      heard();
      return await new Promise(() => {});
    }
    const problem = { type: "/problems/invalid-patch", status: 400, title: "No", pointer: "/0" };
    return new Response(JSON.stringify(problem), { status: 400, headers: { "Content-Type": "application/problem+json" } });
  };
  joining(t, { storage, fetch });
  await isSentAgain;
  const name = batches[0][0].replace("~1", "");
  assert.deepEqual(batches, [[`${name}~1`, `${name}~2`, `${name}~3`], [`${name}.2~1`, `${name}.2~2`]]);
});
