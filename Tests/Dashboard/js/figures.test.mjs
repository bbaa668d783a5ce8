// Rates, sums and alerts of the dashboard, out of reports as /v1/daemons gives them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { alerts } from "../../../Sources/Pages/Web/dashboard/alerts.js";
import { advance, nothing, unledPartitions } from "../../../Sources/Pages/Web/dashboard/figures.js";

const start = Date.parse("2026-01-01T00:00:00Z");
const time = (second) => new Date(start + second * 1_000).toISOString();

const daemon = (name, second, figures = {}, more = {}) => ({
  name, role: "merge-daemon", address: `${name}:1`, version: "1", since: time(0), seen: time(second), age: 0.1,
  status: "ready", ready: true, partitions: [0, 1, 2, 3], figures, ...more,
});
const report = (second, ...daemons) => ({ time: time(second), partitions: 4, daemons });

test("A rate is the difference of two reports over the time between them, whenever the page asked", () => {
  let view = advance(nothing, report(10, daemon("a", 10, { folded: 100 })));
  assert.equal(view.totals.folded, null);
  view = advance(view, report(12.9, daemon("a", 12, { folded: 140 })));
  assert.equal(view.totals.folded, 20);
  // The same report again, and then one after four seconds.
  view = advance(view, report(13.5, daemon("a", 12, { folded: 140 })));
  assert.equal(view.totals.folded, 20);
  view = advance(view, report(16.1, daemon("a", 16, { folded: 144 })));
  assert.equal(view.totals.folded, 1);
});

test("What daemons do is summed over those that are alive, and none counts twice after a restart", () => {
  const before = advance(nothing, report(10, daemon("a", 10, { folded: 1_000, pending: 3 }), daemon("b", 10, { folded: 0, pending: 4 })));
  const view = advance(before, report(12,
    daemon("a", 10, { folded: 1_000, pending: 3 }, { status: "silent", age: 7 }), daemon("b", 12, { folded: 10, pending: 5 }),
    daemon("c", 12, { folded: 9_000, pending: 1 })));
  assert.equal(view.totals.folded, 5);
  assert.equal(view.totals.pending, 6);
});

test("A counter that went back is no negative rate", () => {
  const view = advance(advance(nothing, report(1, daemon("a", 1, { polls: 50 }))), report(3, daemon("a", 3, { polls: 10 })));
  assert.equal(view.totals.polls, 0);
});

test("The lag is the mean of what was published between two reports, and nothing where nobody waited", () => {
  const first = advance(nothing, report(1, daemon("a", 1, { lag_seconds: 1, lag_count: 10 })));
  const second = advance(first, report(3, daemon("a", 3, { lag_seconds: 1.5, lag_count: 20 })));
  assert.equal(Math.round(second.totals.lag), 50);
  assert.equal(advance(second, report(5, daemon("a", 5, { lag_seconds: 1.5, lag_count: 20 }))).totals.lag, 0);
  assert.equal(first.totals.lag, null);
});

test("A silent daemon is missed unless another one has taken its place", () => {
  // What it said last, that it was busy, is no news any more.
  const silent = daemon("a", 1, { load: 0.99 }, { status: "silent", age: 30, address: "host:1" });
  const missed = advance(nothing, report(30, silent, daemon("b", 30)));
  assert.deepEqual(alerts(missed).map((alert) => [alert.level, alert.about]), [["bad", "a"]]);
  const replaced = advance(nothing, report(30, silent, daemon("b", 30, {}, { address: "host:1" })));
  assert.deepEqual(alerts(replaced), []);
  assert.equal(replaced.daemons.find((other) => other.name === "a").replaced, true);
});

test("Alerts: the worst first, with the reasons that the daemon gave", () => {
  const view = advance(nothing, report(1,
    daemon("a", 1, { load: 0.93 }, { partitions: [0, 1] }),
    daemon("b", 1, {}, { role: "state-poll", status: "not-ready", ready: false, partitions: undefined, reasons: { redis: "No connection." } })));
  const found = alerts(view);
  assert.deepEqual(found.map((alert) => alert.level), ["bad", "warn", "warn"]);
  assert.match(found[0].text, /state-poll at b:1 is not ready\. redis: No connection\./);
  assert.match(found[1].text, /2 of 4 partitions: 2–3/);
  assert.match(found[2].text, /93\s%/);
});

test("Where no merge daemon is alive that is said first, and nothing else of partitions", () => {
  const view = advance(nothing, report(9, daemon("a", 1, {}, { status: "silent", age: 8 })));
  const found = alerts(view);
  assert.match(found[0].text, /No merge daemon is at work/);
  assert.equal(found.length, 2);
  assert.deepEqual(unledPartitions(view.daemons, 4), [0, 1, 2, 3]);
});

test("A backlog and failures to merge are told", () => {
  const before = advance(nothing, report(1, daemon("a", 1, { failures: 0, pending: 5_000 })));
  const found = alerts(advance(before, report(3, daemon("a", 3, { failures: 4, pending: 5_000 }))));
  assert.deepEqual(found.map((alert) => alert.level), ["warn", "warn"]);
  assert.match(found[0].text, /fails to merge 2 times a second/);
  assert.match(found[1].text, /5,000 changes wait/);
});
