// The table of applications, its figures in words, and the lines of the plots.

import assert from "node:assert/strict";
import { test } from "node:test";
import { bytes, milliseconds, number, ranges, seconds, whole } from "../../../Sources/Pages/Web/dashboard/format.js";
import { busiestRows, inOrder, namedRows, positionRates } from "../../../Sources/Pages/Web/dashboard/rows.js";
import { WINDOW, area, extended, line, nearest, runs, top } from "../../../Sources/Pages/Web/dashboard/series.js";

const busy = (app, rate) => ({ app, rate, pending: 1, lag: 2, bytes: 3, polls: 4, followers: 5 });
const listed = (app, tail = 1, epoch = "e") => ({ app, epoch, tail, pending: 7, bytes: 70, position: tail });

test("The busiest come first, then others by name, none twice", () => {
  const rows = busiestRows([busy("z", 9), busy("b", 3)], [listed("a"), listed("b"), listed("c")]);
  assert.deepEqual(rows.map((row) => row.app), ["z", "b", "a", "c"]);
  assert.equal(rows[0].polls, 4);
  assert.equal(rows[2].polls, null);
});

test("A list by name has what is known of the busy ones, and the backlog as the log says it", () => {
  const rows = namedRows([listed("a"), listed("b")], [busy("b", 3)]);
  assert.deepEqual(rows.map(({ app, rate, pending, lag }) => [app, rate, pending, lag]), [["a", undefined, 7, null], ["b", 3, 7, 2]]);
});

test("A rate by name is the difference of positions, and unknown across epochs and at first sight", () => {
  const first = positionRates(new Map(), [listed("a", 10), listed("b", 5)], 1_000);
  assert.deepEqual(first.rated.map((app) => app.rate), [null, null]);
  const second = positionRates(first.positions, [listed("a", 40), listed("b", 1, "other"), listed("c", 2)], 7_000);
  assert.deepEqual(second.rated.map((app) => app.rate), [5, null, null]);
});

test("Rows stay where they are while somebody aims at one; new ones come behind them", () => {
  const rows = [busy("c", 9), busy("a", 8), busy("n", 7), busy("b", 1)];
  assert.deepEqual(inOrder(rows, ["a", "b", "gone", "c"]).map((row) => row.app), ["a", "b", "c", "n"]);
});

test("Figures have three digits that count, and a unit", () => {
  const numbers = [0, 0.004, 0.04, 0.34, 3.44, 34.4, 340, 3_400, 12_345, 345_678, 3_456_789, NaN];
  assert.deepEqual(numbers.map(number), ["0", "<0.01", "0.04", "0.3", "3.4", "34", "340", "3,400", "12.3k", "346k", "3.5M", "–"]);
  assert.deepEqual([0, 999, 1_000, 2_000, 70_000, 4 << 20].map(bytes), ["0 B", "999 B", "1 KiB", "2 KiB", "68 KiB", "4 MiB"]);
  assert.deepEqual([0.2, 45, 999, 1_500, 400_000].map(milliseconds), ["0.2 ms", "45 ms", "999 ms", "1.5 s", "7 min"]);
  assert.deepEqual([0.25, 12, 119, 121, 7_300, 200_000].map(seconds), ["0.3 s", "12 s", "119 s", "2 min", "2 h", "2 d"]);
  assert.equal(whole(1_234_567), "1,234,567");
  assert.equal(ranges([0, 1, 2, 5, 7, 8]), "0–2, 5, 7–8");
});

test("Points leave with the window, and one of the past or of no value changes nothing", () => {
  let points = extended([], 1_000, 5);
  assert.equal(extended(points, 1_000, 6), points);
  assert.equal(extended(points, 2_000, null), points);
  points = extended(points, 1_000 + 2 * WINDOW, 6);
  assert.deepEqual(points.map((point) => point.value), [6]);
});

test("A scale ends at 1, 2 or 5 times a power of ten", () => {
  const list = (value) => [[{ at: 0, value }]];
  assert.deepEqual([0, 9, 11, 21, 60, 1_000].map((value) => top(list(value), 10)), [10, 10, 20, 50, 100, 1_000]);
  assert.equal(top([[], []], 20), 20);
});

test("A line has a gap where nothing was known, and ends at the right edge", () => {
  const points = [0, 2_000, 60_000, 62_000].map((at) => ({ at, value: 5 }));
  const drawn = runs(points, { now: 62_000, width: 300, height: 40, top: 10 });
  assert.equal(drawn.length, 2);
  assert.deepEqual(drawn[1].at(-1), [300, 20]);
  assert.equal(line(drawn), "M238 20L240 20M298 20L300 20");
  assert.equal(area(drawn.slice(1), 40), "M298 40L298 20L300 20L300 40Z");
  assert.equal(line([[[1, 2]]]), "M1 2h1");
});

test("The nearest point is found, unless it is far", () => {
  const points = [{ at: 0, value: 1 }, { at: 10_000, value: 2 }];
  assert.equal(nearest(points, 8_000).value, 2);
  assert.equal(nearest(points, 40_000), null);
  assert.equal(nearest([], 0), null);
});
