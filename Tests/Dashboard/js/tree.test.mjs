// The tree of a state and the list of its changes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { PORTION, changed, compact, mergedChanges, rows } from "../../../Sources/Pages/Web/dashboard/tree.js";

const pointers = (list) => list.map((row) => row.pointer);

test("Only what is unfolded has rows", () => {
  const state = { a: { b: [1, 2] }, "x/y~z": null };
  assert.deepEqual(pointers(rows(state, new Set())), [""]);
  assert.deepEqual(pointers(rows(state, new Set([""]))), ["", "/a", "/x~1y~0z"]);
  const open = rows(state, new Set(["", "/a", "/a/b"]));
  assert.deepEqual(pointers(open), ["", "/a", "/a/b", "/a/b/0", "/a/b/1", "/x~1y~0z"]);
  assert.deepEqual(open.map((row) => row.depth), [0, 1, 2, 3, 3, 1]);
  assert.deepEqual(open.map((row) => row.text), ["{ 2 }", "{ 1 }", "[ 2 ]", "1", "2", "null"]);
});

test("What is empty or no container cannot be unfolded, whatever was unfolded before", () => {
  const list = rows({ a: {}, b: [], c: "x" }, new Set(["", "/a", "/b", "/c"]));
  assert.deepEqual(list.map((row) => row.canOpen), [true, false, false, false]);
  assert.deepEqual(rows(5, new Set([""])).map((row) => [row.text, row.canOpen]), [["5", false]]);
});

test("A large container is shown in portions, and a long string in short", () => {
  const state = Array.from({ length: 100_000 }, (_, index) => index);
  const list = rows(state, new Set([""]));
  assert.equal(list.length, PORTION + 2);
  assert.equal(list.at(-1).kind, "more");
  assert.equal(list.at(-1).text, "99900 more");
  assert.equal(rows(state, new Set([""]), new Map([["", 300]])).length, 302);
  assert.ok(rows("x".repeat(1_000_000), new Set()).at(0).text.length < 200);
  assert.ok(compact({ long: "x".repeat(10_000) }).length < 200);
});

test("What differs is marked with everything above it, and what is new as a whole", () => {
  const before = { a: { b: 1, c: 2 }, d: [1, 2], e: { f: 1 } };
  const after = { a: { b: 5, c: 2 }, d: [1, 2, 3], e: before.e, g: {} };
  assert.deepEqual([...changed(before, after)].sort(), ["", "/a", "/a/b", "/d", "/d/2", "/g"]);
  assert.deepEqual([...changed(before, structuredClone(before))], []);
  assert.deepEqual([...changed({ a: 1 }, {})], [""]);
});

test("Names such as those of an object's own methods are names", () => {
  const state = JSON.parse('{"constructor":1,"hasOwnProperty":2,"__proto__":3}');
  assert.deepEqual(pointers(rows(state, new Set([""]))), ["", "/constructor", "/hasOwnProperty", "/__proto__"]);
  assert.deepEqual([...changed({}, JSON.parse('{"toString":1}'))].sort(), ["", "/toString"]);
});

test("Changes are newest first; what was seen of one in the log is kept when it is trimmed; another epoch begins anew", () => {
  const change = (position, status, more = {}) => ({ epoch: "e", position, receipt: `e-${position}`, id: `c${position}`, status, ...more });
  let known = mergedChanges([], [change(1, "applied"), change(2, "pending", { time: "t", change: { a: 1 } })]);
  known = mergedChanges(known, [change(2, "rejected", { reason: { type: "/problems/test-failed" } }), change(3, "applied")]);
  assert.deepEqual(known.map((one) => [one.position, one.status]), [[3, "applied"], [2, "rejected"], [1, "applied"]]);
  assert.deepEqual(known[1].change, { a: 1 });
  assert.equal(mergedChanges(known, [change(4, "applied")], 2).length, 2);
  assert.deepEqual(mergedChanges(known, [{ ...change(1, "applied"), epoch: "f", receipt: "f-1" }]).map((one) => one.receipt), ["f-1"]);
});
