// What stands round the core: events at every split, what callers and listeners may do. Without a server.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ChangeRejected, connect } from "../../../Sources/Pages/Web/cistern.js";
import { sum } from "../../../Sources/Pages/Web/cistern/decimal.js";
import { eventReader } from "../../../Sources/Pages/Web/cistern/sse.js";
import { eventOf } from "../../../Sources/Pages/Web/cistern/socket.js";
import { joining, settled, silence } from "./surroundings.mjs";

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
