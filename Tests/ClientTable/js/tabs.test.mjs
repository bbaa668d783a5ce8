// Many tabs of one browser, which share one queue. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { connect, ConnectionClosed } from "../../../Sources/Pages/Web/cistern.js";
import { SharedRunner } from "../../../Sources/Pages/Web/cistern/tabs.js";
import { browsing, durable, settled, silence } from "./surroundings.mjs";

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
