// What the dashboard says of webhooks and their deliveries.

import assert from "node:assert/strict";
import { test } from "node:test";
import { attemptOf, cardOf, deliveryOf, inPlace, webhookAlerts } from "../../../Sources/Pages/Web/dashboard/webhookrow.js";

const now = Date.parse("2026-11-22T06:00:00Z");
const before = (seconds) => new Date(now - seconds * 1_000).toISOString();
const webhook = (more = {}) => ({ id: "w", url: "https://a.example/", apps: ["*"], event_types: ["state.changed"], status: "enabled", ...more });
const delivery = (more = {}) => ({
  id: "msg_1", webhook: "w", type: "state.changed", app: "board", status: "succeeded", done: true, attempts: 1,
  created_at: before(90), updated_at: before(60), last_attempt: { attempt: 1, at: before(60), duration_ms: 12, status: 204 }, ...more,
});

test("A webhook is well, fails since some time, or is disabled for a reason", () => {
  assert.deepEqual([cardOf(webhook(), now).level, cardOf(webhook(), now).reason], ["good", ""]);
  const failing = cardOf(webhook({ failing_since: before(180) }), now);
  assert.deepEqual([failing.level, failing.status, failing.reason], ["warn", "failing", "Nothing has arrived for 3 min."]);
  const gone = cardOf(webhook({ status: "disabled", disabled: { reason: "gone", since: before(30) } }), now);
  assert.deepEqual([gone.level, gone.reason], ["bad", "Disabled 30 s ago: its endpoint answered 410."]);
  const asked = cardOf(webhook({ status: "disabled", disabled: { reason: "asked", since: before(30) } }), now);
  assert.deepEqual([asked.level, asked.reason], ["off", "Disabled 30 s ago: by somebody."]);
});

test("Alerts are webhooks that fail for long or were disabled by themselves, not what somebody wanted", () => {
  const texts = webhookAlerts([
    webhook(), webhook({ id: "short", failing_since: before(60) }), webhook({ id: "long", failing_since: before(900) }),
    webhook({ id: "gone", status: "disabled", disabled: { reason: "gone", since: before(60) } }),
    webhook({ id: "asked", status: "disabled", disabled: { reason: "asked", since: before(60) } }),
  ], now).map((alert) => alert.text);
  assert.deepEqual(texts, ["Webhook “long”: Nothing has arrived for 15 min.", "Webhook “gone”: Disabled 60 s ago: its endpoint answered 410."]);
});

test("A delivery says how it stands, what was answered last, and when it is tried next", () => {
  const done = deliveryOf(delivery(), now);
  assert.deepEqual([done.level, done.attempts, done.answer, done.next, done.age, done.canReplay], ["good", "1 attempt", "answered 204", "", "90 s ago", true]);
  const last = { attempt: 3, at: before(5), duration_ms: 15_000, error: "timeout" };
  const waits = deliveryOf(delivery({ status: "retrying", done: false, attempts: 3, last_attempt: last, next_attempt_at: before(-300) }), now);
  assert.deepEqual([waits.level, waits.attempts, waits.answer, waits.next, waits.canReplay], ["warn", "3 attempts", "no answer in time", "again in 5 min", false]);
  assert.equal(deliveryOf(delivery({ status: "retrying", done: false, next_attempt_at: before(1) }), now).next, "due now");
  assert.equal(deliveryOf(delivery({ status: "discarded" }), now).canReplay, false);
  assert.equal(deliveryOf(delivery({ status: "skipped", last_attempt: undefined, app: undefined }), now).answer, "");
});

test("An attempt that was answered with 2xx is good; words that are not known are shown as they are", () => {
  assert.deepEqual(attemptOf({ attempt: 2, at: before(1), duration_ms: 1_500, status: 503 }), { number: 2, at: before(1), answer: "answered 503", level: "bad", duration: "1.5 s" });
  assert.equal(attemptOf({ attempt: 1, at: before(1), duration_ms: 1, status: 200 }).level, "good");
  assert.equal(attemptOf({ attempt: 1, at: before(1), duration_ms: 1, error: "odd" }).answer, "odd");
});

test("While somebody aims at one, deliveries stay in their places, and say what is new of them", () => {
  const shown = [delivery({ id: "b", status: "retrying" }), delivery({ id: "a" })];
  const fresh = [delivery({ id: "c" }), delivery({ id: "b", status: "dead" })];
  assert.deepEqual(inPlace(shown, fresh).map(({ id, status }) => `${id} ${status}`), ["b dead", "a succeeded"]);
});
