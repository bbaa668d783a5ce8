// What is said of webhooks, of their deliveries and of attempts. Pure.

import { milliseconds, seconds } from "./format.js";

const LEVELS = { pending: "waiting", delivering: "waiting", retrying: "warn", succeeded: "good", dead: "bad", skipped: "", discarded: "" };
const REASONS = { asked: "by somebody", gone: "its endpoint answered 410", failing: "nothing arrived there for five days" };
const ERRORS = {
  timeout: "no answer in time", "address-refused": "nothing is sent to its address", "name-not-found": "its name has no address",
  "connection-failed": "no connection", "connection-closed": "closed without an answer", "tls-failed": "TLS failed", "no-http-answer": "no answer of HTTP",
};
/** Milliseconds without a success after which it is an alert: the first retries are over then. */
const FAILING = 10 * 60_000;

const span = (time) => seconds(Math.abs(time) / 1_000);
const since = (time, now) => span(Math.max(0, now - Date.parse(time)));

/** `level` is that of the status: good, warn, bad, or nothing. */
export function cardOf({ id, url, status, disabled, failing_since: failing, apps, event_types: types }, now) {
  const about = `${apps.join(", ")} · ${types.join(", ")}`;
  if (status === "disabled") {
    const level = disabled.reason === "asked" ? "off" : "bad";
    return { id, url, about, level, status: "disabled", reason: `Disabled ${since(disabled.since, now)} ago: ${REASONS[disabled.reason] ?? disabled.reason}.` };
  }
  if (failing) return { id, url, about, level: "warn", status: "failing", reason: `Nothing has arrived for ${since(failing, now)}.` };
  return { id, url, about, level: "good", status: "enabled", reason: "" };
}

/** What an operator should see first; as elements of what `alerts` gives. */
export function webhookAlerts(webhooks, now) {
  return webhooks.flatMap((webhook) => {
    const isGone = webhook.status === "disabled" && webhook.disabled.reason !== "asked";
    const isFailing = webhook.status === "enabled" && now - Date.parse(webhook.failing_since ?? now) >= FAILING;
    if (!isGone && !isFailing) return [];
    const { reason } = cardOf(webhook, now);
    return [{ level: "warn", about: null, text: `Webhook “${webhook.id}”: ${reason}` }];
  });
}

/** `canReplay` where nothing becomes of it by itself, and somebody may want it to be sent once more. */
export function deliveryOf({ id, webhook, type, app, status, done, attempts, created_at: created, updated_at: updated, next_attempt_at: next, last_attempt: last }, now) {
  const wait = next === undefined ? null : Date.parse(next) - now;
  return {
    id, webhook, type, app: app ?? "", status, level: LEVELS[status] ?? "", updated,
    attempts: attempts === 1 ? "1 attempt" : `${attempts} attempts`,
    answer: last === undefined ? "" : answerOf(last),
    next: wait === null ? "" : wait > 0 ? `again in ${span(wait)}` : status === "delivering" ? "under way" : "due now",
    age: `${since(created, now)} ago`,
    canReplay: done && status !== "discarded",
  };
}

export function attemptOf(attempt) {
  return { number: attempt.attempt, at: attempt.at, answer: answerOf(attempt), level: attempt.status >= 200 && attempt.status < 300 ? "good" : "bad", duration: milliseconds(attempt.duration_ms) };
}

function answerOf({ status, error }) {
  return status === undefined ? ERRORS[error] ?? error : `answered ${status}`;
}

/** Deliveries in the order in which they are shown, with what is known of them now: while somebody aims at a row, it has to stay where it is. */
export function inPlace(shown, fresh) {
  const known = new Map(fresh.map((delivery) => [delivery.id, delivery]));
  return shown.map((delivery) => known.get(delivery.id) ?? delivery);
}
