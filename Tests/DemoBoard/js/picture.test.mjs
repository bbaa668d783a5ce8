// What the demo shows of a picture that somebody has asked for, whatever stands in the state.

import assert from "node:assert/strict";
import { test } from "node:test";
import { pictureOf } from "../../../Sources/Pages/Web/demo/model/picture.js";

const app = "demo.a";
const of = (picture) => pictureOf({ picture }, app);
const href = "/v1/apps/demo.a/operations/p1/result";

test("Without a picture, or with something that is none, there is nothing to show", () => {
  for (const state of [undefined, null, {}, [], { picture: null }, { picture: "x" }, { picture: { status: "odd" } }, { picture: { status: "toString" } }]) {
    assert.equal(pictureOf(state, app), null);
  }
});

test("Progress is a share of the whole, if anybody knows it", () => {
  for (const [progress, fraction] of [
    [{ percent: 40 }, 0.4], [{ completed: 1, total: 4 }, 0.25], [{ completed: 1 }, null], [{ completed: 0, total: 0 }, null], [{ percent: 400 }, null],
    [{ percent: "40%" }, null], [undefined, null], ["x", null],
  ]) {
    assert.equal(of({ status: "running", progress }).fraction, fraction, JSON.stringify(progress));
  }
  assert.match(of({ status: "queued" }).text, /asked for …$/);
  const { isUnderWay, text } = of({ status: "running", progress: { percent: 1, message: "“Ideas”" } });
  assert.equal(isUnderWay, true);
  assert.match(text, /being drawn: “Ideas”$/);
});

test("A result is offered when it is there, and only one of this board", () => {
  assert.deepEqual(of({ status: "succeeded", result: { href } }).id, "p1");
  assert.equal(of({ status: "succeeded", result: { href } }).isUnderWay, false);
  for (const strange of ["javascript:alert(1)", "/v1/apps/demo.b/operations/p1/result", "/v1/apps/demo.a/operations/p1/../x/result", `https://elsewhere.test${href}`, 7, undefined]) {
    assert.equal(of({ status: "succeeded", result: { href: strange } }).id, undefined, String(strange));
  }
  assert.equal(of({ status: "running", result: { href } }).id, undefined);
});

test("A failure says why, if its worker did", () => {
  assert.match(of({ status: "failed", error: { message: "No such board" } }).text, /could not be drawn: No such board$/);
  assert.match(of({ status: "dead" }).text, /could not be drawn\.$/);
});
