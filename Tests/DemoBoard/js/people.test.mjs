// What the demo makes of presence and of its own figures.

import assert from "node:assert/strict";
import { test } from "node:test";
import { anchorOf, placeCursors, pointOf } from "../../../Sources/Pages/Web/demo/model/cursors.js";
import { bars, bytes, milliseconds, Roundtrips, Series, tokenParts } from "../../../Sources/Pages/Web/demo/model/figures.js";
import { boardNameOf, initialsOf, newBoardName, newPerson, peopleOf } from "../../../Sources/Pages/Web/demo/model/people.js";

const wide = [
  { at: "card:a", left: 20, top: 100, width: 200, height: 40 },
  { at: "column:x", left: 10, top: 80, width: 220, height: 400 },
  { at: "board", left: 0, top: 60, width: 900, height: 500 },
];
const narrow = [
  { at: "card:a", left: 12, top: 300, width: 360, height: 60 },
  { at: "column:x", left: 0, top: 280, width: 390, height: 200 },
  { at: "board", left: 0, top: 90, width: 390, height: 2_000 },
];

test("A cursor is over the same place of the same card in every window", () => {
  const cursor = anchorOf(120, 110, wide);
  assert.deepEqual(cursor, { at: "card:a", x: 0.5, y: 0.25 });
  assert.deepEqual(pointOf(cursor, narrow), { x: 192, y: 315 });
  assert.equal(anchorOf(15, 300, wide).at, "column:x");
  assert.equal(anchorOf(600, 300, wide).at, "board");
  assert.equal(anchorOf(600, 20, wide), null);
});

test("What is no cursor, or over nothing that is here, is not shown", () => {
  for (const cursor of [null, undefined, 3, {}, { at: "card:gone", x: 0, y: 0 }, { at: "card:a", x: 2, y: 0 }, { at: "card:a", x: "0", y: 0 }]) {
    assert.equal(pointOf(cursor, wide), null);
  }
});

test("Names turn to the other side at the edge, and cursors beyond it are left out", () => {
  const size = { width: 240, height: 300 };
  const person = (id, x, y) => ({ id, name: id, hue: 1, cursor: { at: "board", x, y } });
  const placed = placeCursors([person("near", 0.1, 0.1), person("edge", 0.25, 0.1), person("beyond", 0.9, 0.1), person("below", 0.1, 0.9)], wide, size);
  assert.deepEqual(placed.map(({ id, isTurned }) => [id, isTurned]), [["near", false], ["edge", true]]);
});

test("Others are shown as far as what they say has the right form", () => {
  const clients = {
    me: { value: { name: "Me" } },
    a: { value: { name: "A", hue: 12, holds: { id: "c", column: "done", before: null }, away: true } },
    b: { value: { name: "x".repeat(100), hue: "red", holds: "c", edits: 3 } },
    c: { value: null }, d: { value: 3 }, e: { value: { hue: 3 } },
  };
  const people = peopleOf(clients, "me");
  assert.deepEqual(people.map(({ id }) => id), ["a", "b"]);
  assert.deepEqual(people[0], { id: "a", name: "A", hue: 12, cursor: null, holds: { id: "c", column: "done", before: null }, edits: null, isAway: true });
  assert.deepEqual([people[1].name.length, typeof people[1].hue, people[1].holds, people[1].edits], [24, "number", null, null]);
});

test("Names: of boards in addresses, of people, and their letters", () => {
  assert.equal(boardNameOf(""), "shared");
  assert.equal(boardNameOf("#Garden%20Plan"), "garden-plan");
  assert.equal(boardNameOf("#%"), "shared");
  assert.equal(boardNameOf("#../../x"), "..-..-x");
  assert.equal(boardNameOf(`#${newBoardName(() => 0.5)}`), newBoardName(() => 0.5));
  assert.match(newPerson(() => 0.99).name, /^\w+ \w+$/);
  assert.deepEqual(["Mira", "Amber Otter", "x y z", "  ", "😀 b"].map(initialsOf), ["M", "AO", "XZ", "", "😀B"]);
});

test("The time of a change is from its push until it is pending no more", () => {
  const trips = new Roundtrips();
  trips.pushed(0, true);
  assert.deepEqual(trips.pending(1, 0), []);
  trips.pushed(5, true);
  trips.pushed(6, false);
  assert.deepEqual(trips.pending(3, 6), []);
  assert.deepEqual(trips.pending(1, 20), [20, 15]);
  assert.deepEqual(trips.pending(0, 90), [], "pushed without a server: no time");
});

test("What was pending before the page began, or while the connection went, has no time", () => {
  const trips = new Roundtrips();
  assert.deepEqual(trips.pending(2, 0), []);
  trips.pushed(10, true);
  assert.deepEqual(trips.pending(3, 10), []);
  assert.deepEqual(trips.pending(0, 30), [20]);
  trips.pushed(40, true);
  trips.pending(1, 40);
  trips.interrupted();
  assert.deepEqual(trips.pending(0, 5_000), []);
});

test("Plots keep the latest sixty values, and one slow one does not hide the others", () => {
  const series = new Series();
  assert.deepEqual([series.last, series.median], [null, null]);
  for (let value = 1; value <= 100; value += 1) series.add(value);
  assert.deepEqual([series.values.length, series.values[0], series.last, series.median], [60, 41, 100, 71]);
  const shapes = bars([10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 5_000], { width: 120, height: 40 });
  assert.ok(shapes[0].height > 20);
  assert.deepEqual([shapes[11].height, shapes[11].isCut, shapes[0].isCut], [40, true, false]);
  assert.ok(shapes.every(({ x, width, y, height }) => x >= 0 && x + width <= 120 && y >= 0 && Math.abs(y + height - 40) < 1e-9));
  assert.deepEqual(bars([], { width: 120, height: 40 }), []);
});

test("Figures are written for people", () => {
  assert.deepEqual([null, 0.44, 4.23, 54.6, 12_400].map(milliseconds), ["–", "0.4 ms", "4.2 ms", "55 ms", "12 s"]);
  assert.deepEqual([null, 75, 4_100, 2_500_000].map(bytes), ["–", "75 B", "4.1 kB", "2.5 MB"]);
  assert.deepEqual(tokenParts("a-b-57"), { epoch: "a-b", number: 57 });
  assert.deepEqual(tokenParts(null), { epoch: null, number: null });
});
