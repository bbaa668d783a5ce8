// The JavaScript client against a real server: CISTERN names the program that starts one.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect, MemoryStorage } from "../../../Sources/Pages/Web/cistern.js";
import { Gate } from "./gate.mjs";
import { Server } from "./server.mjs";

const needsServer = { timeout: 60_000 };

let url;
let server;
before(async () => {
  server = await Server.started();
  ({ url } = server);
});
after(() => server?.remove());

const newApp = () => `test-${crypto.randomUUID()}`;

/** Connects for the time of a test. */
function joining(t, options) {
  const connection = connect({ url, ...options });
  t.after(() => connection.close());
  return connection;
}

/** Fulfilled as soon as the condition holds; the test's own limit is for those that never do. */
function until(connection, condition) {
  return new Promise((resolve) => {
    const ends = [];
    const look = () => {
      if (!condition(connection.state, connection.status)) return;
      for (const end of ends) end();
      resolve();
    };
    ends.push(connection.subscribe(look), connection.on("status", look));
    look();
  });
}

for (const way of ["socket", "events", "long", "short"]) {
  test(`Two clients edit and agree, by ${way}`, needsServer, async (t) => {
    const app = newApp();
    const [a, b] = [joining(t, { app, ways: [way] }), joining(t, { app, ways: [way] })];
    await Promise.all([
      ...[1, 2, 3, 4, 5].map((n) => a.push({ [`a${n}`]: n })),
      ...[1, 2, 3, 4, 5].map(() => b.push([{ op: "increment", path: "/n", value: 0.1 }])),
    ]);
    const whole = { a1: 1, a2: 2, a3: 3, a4: 4, a5: 5, n: 0.5 };
    for (const one of [a, b]) {
      await until(one, (state) => state?.n === 0.5 && state?.a5 === 5);
      assert.deepEqual(one.state, whole);
      assert.equal(one.status.way, way);
    }
  });

  test(`A rejection comes with its reason, and what stands behind it is applied, by ${way}`, needsServer, async (t) => {
    const a = joining(t, { app: newApp(), ways: [way] });
    const heard = new Promise((resolve) => a.on("rejected", resolve));
    const first = a.push({ n: 1 });
    const second = a.push([{ op: "test", path: "/n", value: 2 }]);
    const third = a.push({ m: 1 });
    await first;
    await assert.rejects(second, (error) => error.problem.type === "/problems/test-failed");
    assert.equal((await heard).problem.status, 422);
    await third;
    assert.deepEqual(a.state, { n: 1, m: 1 });
  });
}

test("A change shows before the server has it", needsServer, async (t) => {
  const a = joining(t, { app: newApp() });
  await until(a, (_, status) => status.phase === "live");
  const done = a.push({ title: "Plan" });
  assert.deepEqual(a.state, { title: "Plan" });
  assert.equal(a.status.pending, 1);
  await done;
  assert.equal(a.status.pending, 0);
});

test("A precondition that does not hold is told", needsServer, async (t) => {
  const a = joining(t, { app: newApp() });
  await a.push({ n: 1 });
  const { version } = a.status;
  await a.push({ n: 2 }, { ifMatch: version });
  await assert.rejects(a.push({ n: 3 }, { ifMatch: version }), (error) => error.problem.status === 412);
  assert.deepEqual(a.state, { n: 2 });
});

test("A refused change leaves the ones behind it their turn", needsServer, async (t) => {
  const a = joining(t, { app: newApp() });
  const results = await Promise.allSettled([a.push({ n: 1 }), a.push([{ op: "no such operation", path: "/n" }]), a.push({ m: 1 })]);
  assert.deepEqual(results.map((result) => result.status), ["fulfilled", "rejected", "fulfilled"]);
  assert.equal(results[1].reason.problem.type, "/problems/invalid-patch");
  assert.deepEqual(a.state, { n: 1, m: 1 });
});

test("What was changed while there was no connection arrives afterwards, each once and in order", needsServer, async (t) => {
  const gate = new Gate(url);
  await gate.open();
  const app = newApp();
  const [a, b] = [joining(t, { app, url: gate.url }), joining(t, { app })];
  await a.push({ list: [] });
  await gate.close();
  await until(a, (_, status) => status.phase !== "live");
  const changes = [1, 2, 3].map((n) => a.push([{ op: "add", path: "/list/-", value: n }]));
  assert.deepEqual(a.state, { list: [1, 2, 3] });
  const others = b.push({ other: true });
  await others;
  await gate.open();
  t.after(() => gate.close());
  await Promise.all(changes);
  await until(a, (state) => state.other);
  await until(b, (state) => state.list.length === 3);
  assert.deepEqual(a.state, { list: [1, 2, 3], other: true });
  assert.deepEqual(b.state, a.state);
});

test("What is pending outlives the client in its storage", needsServer, async (t) => {
  const gate = new Gate(url);
  await gate.open();
  const away = gate.url;
  await gate.close();
  const app = newApp();
  const storage = new MemoryStorage();
  const before = connect({ url: away, app, storage });
  before.push({ n: 1 });
  before.push([{ op: "increment", path: "/n", value: 1 }]);
  await until(before, (state) => state?.n === 2);
  await before.close();
  const after = joining(t, { app, storage });
  await until(after, (state, status) => state?.n === 2 && status.pending === 0 && status.version !== null);
  const others = joining(t, { app });
  await until(others, (state) => state?.n === 2);
});

test("An answer that is lost leaves no change twice", needsServer, async (t) => {
  const gate = new Gate(url);
  await gate.open();
  t.after(() => gate.close());
  const app = newApp();
  const a = joining(t, { app, url: gate.url, ways: ["short"] });
  await a.push({ n: 0 });
  gate.loses = /^PUT [^ ]*\/changes /;
  gate.timesToLose = 3;
  const [first, second] = [1, 2].map(() => a.push([{ op: "increment", path: "/n", value: 1 }]));
  await Promise.all([first, second]);
  assert.equal(gate.timesToLose, 0);
  const b = joining(t, { app });
  await until(b, (state) => state !== undefined);
  assert.deepEqual(b.state, { n: 2 });
});

test("Where sockets are cut, events take their place", needsServer, async (t) => {
  const gate = new Gate(url);
  gate.refuses = /upgrade: websocket/i;
  await gate.open();
  t.after(() => gate.close());
  const a = joining(t, { app: newApp(), url: gate.url });
  await until(a, (_, status) => status.phase === "live" && status.way === "events");
  await a.push({ n: 1 });
});

test("Where nothing but short requests gets through, short polls do", needsServer, async (t) => {
  const gate = new Gate(url);
  gate.refuses = /upgrade: websocket|text\/event-stream|wait=50/i;
  await gate.open();
  t.after(() => gate.close());
  const a = joining(t, { app: newApp(), url: gate.url });
  await until(a, (_, status) => status.phase === "live" && status.way === "short");
  await a.push({ n: 1 });
});

test("A deletion is shown, and a new change makes the application again", needsServer, async (t) => {
  const app = newApp();
  const [a, b] = [joining(t, { app }), joining(t, { app })];
  await a.push({ n: 1 });
  await until(b, (state) => state?.n === 1);
  const epoch = b.status.version.split("-")[0];
  await fetch(`${url}/v1/apps/${app}`, { method: "DELETE" });
  await until(a, (state, status) => state === undefined && status.exists === false);
  await a.push({ m: 1 });
  await until(b, (state) => state?.m === 1);
  assert.deepEqual(b.state, { m: 1 });
  assert.notEqual(b.status.version.split("-")[0], epoch);
});

test("Who is here is seen by the others, and who goes is not", needsServer, async (t) => {
  const app = newApp();
  const [a, b] = [joining(t, { app, client: "ada" }), joining(t, { app, client: "bob" })];
  const seen = (condition) => new Promise((resolve) => {
    const end = b.presence.subscribe((clients) => {
      if (!condition(clients)) return;
      end();
      resolve();
    });
  });
  const coming = seen((clients) => clients.ada?.value.cursor === 3);
  a.presence.set({ cursor: 3 });
  await coming;
  const going = seen((clients) => !clients.ada);
  a.presence.set(null);
  await going;
});

test("A server that is killed and started again goes on with every client", { timeout: 120_000 }, async (t) => {
  const own = await Server.started();
  t.after(() => own.remove());
  const app = newApp();
  const [a, b] = [joining(t, { url: own.url, app }), joining(t, { url: own.url, app })];
  await a.push({ n: 0 });
  await own.stop();
  const changes = [a, b].map((one) => one.push([{ op: "increment", path: "/n", value: 1 }]));
  await own.start();
  await Promise.all(changes);
  for (const one of [a, b]) await until(one, (state) => state.n === 2);
});
