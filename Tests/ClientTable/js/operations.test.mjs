// Long-running operations in the JavaScript client: against answers that are made up, and against a real server with a worker of its own.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { OperationFailed, OperationRefused, operations } from "../../../Sources/Pages/Web/cistern.js";
import { Gate } from "./gate.mjs";
import { Server } from "./server.mjs";

const url = "http://cistern.test";

const answer = (status, body, headers = {}) => new Response(body === undefined ? null : JSON.stringify(body), { status, headers });
const refused = (status, slug, headers = {}) =>
  answer(status, { type: `/problems/${slug}`, title: "No", status }, { "Content-Type": "application/problem+json", ...headers });
const lost = () => Promise.reject(new TypeError("fetch failed"));

/** A network that answers in this order, and what it was asked. */
function network(...answers) {
  const asked = [];
  const fetch = async (target, { method = "GET", headers, body }) => {
    const { pathname, search } = new URL(target);
    asked.push({ method, target: pathname + search, headers, body });
    const next = answers.shift();
    return next instanceof Response ? next : next();
  };
  return { asked, jobs: operations({ url, app: "board", token: "secret", fetch }) };
}

test("What is wanted goes out under one id, as often as it takes", async () => {
  const { asked, jobs } = network(lost, refused(503, "log-unavailable"), answer(201, { id: "x", status: "queued" }));
  const job = jobs.start("export", { rows: [1] }, { priority: 9, deadlines: { total: 60 }, publish: "/jobs/export" });
  assert.equal((await job.started).status, "queued");
  assert.equal(asked.length, 3);
  for (const { method, target, headers, body } of asked) {
    assert.deepEqual([method, target, body], ["PUT", `/v1/apps/board/operations/${job.id}`, '{"kind":"export","input":{"rows":[1]},"priority":9,"deadlines":{"total_s":60},"publish":"/jobs/export"}']);
    assert.equal(headers.Authorization, "Bearer secret");
    assert.equal(headers["Content-Type"], "application/json");
  }
  assert.notEqual(jobs.get("a").id, job.id);
  assert.throws(() => jobs.start("export", () => {}), TypeError);
});

test("A start that is refused says why, here and to whoever waits", async () => {
  const { asked, jobs } = network(refused(409, "operation-mismatch"));
  const job = jobs.start("export", null, { id: "e1" });
  const isMismatch = (error) => error instanceof OperationRefused && error.problem.type === "/problems/operation-mismatch";
  await assert.rejects(job.started, isMismatch);
  await assert.rejects(job.result(), isMismatch);
  await assert.rejects(job.cancel(), isMismatch);
  assert.equal(asked.length, 1);
});

test("News comes by questions that wait for another tag, and ends with the operation", async () => {
  const { asked, jobs } = network(
    answer(200, { status: "queued" }, { ETag: '"1"' }), answer(304, undefined, { "Preference-Applied": "wait=50", "Retry-After": "60" }), lost,
    answer(200, { status: "running", progress: { percent: 5 } }, { ETag: '"2"' }), answer(200, { status: "dead" }, { ETag: '"3"' }));
  const seen = [];
  for await (const { status } of jobs.get("e1")) seen.push(status);
  assert.deepEqual(seen, ["queued", "running", "dead"]);
  assert.deepEqual(asked.map(({ headers }) => headers["If-None-Match"]), [undefined, '"1"', '"1"', '"1"', '"2"']);
  assert.ok(asked.slice(1).every(({ headers }) => headers.Prefer === "wait=50"));
  assert.ok(asked.every(({ target }) => target === "/v1/apps/board/operations/e1?redirect=never"));
});

test("A server that does not wait is left alone for as long as it says", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const { asked, jobs } = network(answer(200, { status: "queued" }, { ETag: '"1"' }), answer(304, undefined, { "Retry-After": "7" }), answer(200, { status: "failed" }));
  const seen = [];
  const following = (async () => { for await (const { status } of jobs.get("e1")) seen.push(status); })();
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  for (let turn = 0; turn < 20 && asked.length < 2; turn += 1) await settled();
  for (let turn = 0; turn < 5; turn += 1) await settled();
  t.mock.timers.tick(6_999);
  for (let turn = 0; turn < 5; turn += 1) await settled();
  assert.equal(asked.length, 2);
  t.mock.timers.tick(1);
  await following;
  assert.deepEqual(seen, ["queued", "failed"]);
});

test("A signal ends the waiting, also between two attempts, and nothing else", async () => {
  const stop = new AbortController();
  const { asked, jobs } = network(refused(503, "log-unavailable", { "Retry-After": "3600" }));
  const waiting = jobs.get("e1").result({ signal: stop.signal });
  setImmediate(() => stop.abort(new Error("enough")));
  await assert.rejects(waiting, /enough/);
  assert.equal(asked.length, 1);
});

test("Trying again what a lost answer has already brought to life is no error", async () => {
  const { asked, jobs } = network(lost, refused(409, "operation-not-dead"), answer(200, { status: "queued" }), refused(409, "operation-not-dead"));
  assert.equal((await jobs.get("e1").retry()).status, "queued");
  await assert.rejects(jobs.get("e1").retry(), OperationRefused);
  assert.deepEqual(asked.map(({ method }) => method), ["POST", "POST", "GET", "POST"]);
});

test("A list is fetched page by page, from this server only", async () => {
  const { asked, jobs } = network(
    answer(200, { operations: [{ id: "a" }] }, { Link: '</v1/apps/board/operations?after=a>; rel="next"' }), answer(200, { operations: [{ id: "b" }] }),
    answer(200, { operations: [] }, { Link: "<https://elsewhere.test/x>; rel=next" }));
  const ids = [];
  for await (const { id } of jobs.list({ status: "dead", kind: "export" })) ids.push(id);
  assert.deepEqual(ids, ["a", "b"]);
  assert.deepEqual(asked.map(({ target }) => target), ["/v1/apps/board/operations?status=dead&kind=export", "/v1/apps/board/operations?after=a"]);
  await assert.rejects(async () => { for await (const _ of jobs.list()); }, OperationRefused);
});

// With a real server

const needsServer = { timeout: 60_000 };
let server;
before(async () => (server = await Server.started()));
after(() => server?.remove());

const newJobs = (options) => operations({ url: server.url, app: `test-${crypto.randomUUID()}`, ...options });

/** Does what is claimed of these kinds, as a worker would: the body is given a function that says something about the operation. */
async function work(kind, body) {
  const post = (path, method, content, token) => fetch(`${server.url}/v1/${path}`, {
    method, body: content === undefined ? undefined : JSON.stringify(content), headers: { "Content-Type": "application/json", ...(token && { "Lease-Token": token }) },
  });
  const claim = await post("operations:claim", "POST", { worker: "w", kinds: [kind], wait_s: 20 });
  const [{ operation, lease, input }] = (await claim.json()).items;
  const path = `apps/${operation.app}/operations/${operation.id}`;
  await body({ operation, input, say: (suffix, method, content) => post(path + suffix, method, content, lease.token) });
}

test("From the wish to the result, seen on the way", needsServer, async () => {
  const kind = `k${crypto.randomUUID()}`;
  const job = newJobs().start(kind, { rows: [1, 2] });
  const seen = [];
  const result = job.result({ onProgress: ({ status, progress }) => seen.push(`${status} ${progress?.percent ?? "-"}`) });
  await work(kind, async ({ input, say }) => {
    await say(":heartbeat", "POST", { progress: { percent: 50 } });
    while (!seen.includes("running 50")) await new Promise((resolve) => setTimeout(resolve, 10));
    await say("/result", "PUT", { sum: input.rows[0] + input.rows[1] });
  });
  assert.deepEqual(await (await result).json(), { sum: 3 });
  assert.equal(seen.at(-1), "succeeded 50");
  assert.equal(await job.delete(), null);
  await assert.rejects(job.status(), (error) => error.problem.type === "/problems/operation-gone");
});

test("A wish whose answer is lost is done once; one that is cancelled has no result and says so", needsServer, async (t) => {
  const gate = new Gate(server.url);
  await gate.open();
  t.after(() => gate.close());
  gate.loses = /PUT \/v1\/apps\/[^ ]*\/operations\//;
  gate.timesToLose = 2;
  const jobs = newJobs({ url: gate.url });
  const kind = `k${crypto.randomUUID()}`;
  const job = jobs.start(kind);
  assert.equal((await job.started).status, "queued");
  assert.equal(gate.timesToLose, 0);
  assert.equal((await job.cancel()).status, "cancelled");
  await assert.rejects(job.result(), (error) => error instanceof OperationFailed && error.operation.status === "cancelled");
  const failing = jobs.start(kind);
  const result = failing.result();
  await work(kind, ({ say }) => say(":fail", "POST", { error: { code: "none", message: "No rows" }, retryable: false }));
  await assert.rejects(result, (error) => error instanceof OperationFailed && error.message === "No rows");
});
