// How states come: by a socket, by events, by long or by short polls, in this order of preference.
//
// A way that fails is tried again after a pause. When it has failed WAY_ATTEMPTS times in a row, a plain poll decides: if that gets
// through, something between here and the server does not let the way pass, and the next one is taken; if not, the server is
// away, and the way is not to blame.

import { have } from "./held.js";
import { pause } from "./pauses.js";

export const WAYS = ["socket", "events", "long", "short"];

/** Failures in a row after which a plain poll decides about a way. One alone is an accident. */
export const WAY_ATTEMPTS = 2;
/** Milliseconds until a stream has to be open. */
export const OPEN_TIMEOUT = 10_000;
/** Milliseconds after which an open stream counts as working; one that is cut before that has failed. */
export const STEADY_AFTER = 5_000;
/** Milliseconds without a byte of events: the server writes after 15 s, so three times that. */
export const EVENTS_SILENCE = 45_000;
/** Milliseconds without a message of the socket, whose pings a page does not see: a plain poll looks whether anything was missed. */
export const SOCKET_SILENCE = 60_000;
/** Milliseconds until a better way is tried again. The network may have become another. */
export const PROMOTE_AFTER = 300_000;
/** Seconds of a long poll: below the minute after which proxies end silent requests. */
export const LONG_WAIT = 50;
/** Milliseconds between short polls as long as the server has not said otherwise. */
export const USUAL_INTERVAL = 250;
/** Short polls come up to this much later than they may, so that those of many clients spread. */
const INTERVAL_JITTER = 1.2;

/** `phase`: idle, opening, open, or probing while a plain poll decides about the way. */
export function deliveryOf(given = {}) {
  return { ways: WAYS, at: 0, phase: "idle", failures: 0, reopened: 0, isAway: false, interval: USUAL_INTERVAL, ...given };
}

export const wayOf = (delivery) => delivery.ways[delivery.at];
const isStream = (way) => way === "socket" || way === "events";

/** Goes the present way from the beginning. */
export function open(draft) {
  const { delivery, held } = draft;
  const way = wayOf(delivery);
  draft.cancel("way");
  delivery.phase = "opening";
  if (isStream(way)) {
    draft.act({ do: "open", way, have: have(held), ...(draft.presence.wanted && { presence: true }) });
    draft.timer("silence", [OPEN_TIMEOUT, OPEN_TIMEOUT]);
  } else {
    poll(draft);
  }
  if (delivery.at > 0 && !draft.isSet("promote")) draft.timer("promote", [PROMOTE_AFTER, PROMOTE_AFTER]);
}

function poll(draft) {
  const { delivery, held } = draft;
  const action = { do: "poll", purpose: "way", have: have(held) };
  // The first one does not wait: whether the way is open should be known at once.
  if (wayOf(delivery) === "long" && delivery.phase === "open") action.wait = LONG_WAIT;
  draft.act(action);
}

/** Ends what is under way. */
export function close(draft) {
  if (draft.delivery.phase === "opening" || draft.delivery.phase === "open") draft.act({ do: "close" });
  draft.delivery.phase = "idle";
  for (const name of ["way", "silence", "steady"]) draft.cancel(name);
}

/** A stream is open. */
export function opened(draft) {
  draft.delivery.phase = "open";
  draft.timer("steady", [STEADY_AFTER, STEADY_AFTER]);
  heard(draft);
}

/** Something came through the stream. */
export function heard(draft) {
  const silence = wayOf(draft.delivery) === "socket" ? SOCKET_SILENCE : EVENTS_SILENCE;
  draft.timer("silence", [silence, silence]);
}

export function steady(draft) {
  draft.delivery.failures = 0;
  draft.delivery.reopened = 0;
}

/** The way has ended, or did not begin. */
export function failed(draft, { retryAfter = 0, isFinal = false } = {}) {
  const { delivery } = draft;
  close(draft);
  // A stream that worked for a while and then ends has not failed: servers stop, networks change.
  delivery.failures = isFinal ? WAY_ATTEMPTS : delivery.failures + 1;
  draft.timer("way", pause(delivery.failures, retryAfter));
}

/** What comes does not fit what the client has, or the server is behind: begun again from there, after a pause. The way is not to blame. */
export function reopen(draft) {
  const { delivery } = draft;
  close(draft);
  delivery.reopened += 1;
  draft.timer("way", pause(delivery.reopened));
}

/** The pause is over. */
export function resume(draft) {
  const { delivery } = draft;
  // Between two polls the way is open.
  if (delivery.phase === "open") return poll(draft);
  const isLast = delivery.at === delivery.ways.length - 1;
  if (delivery.failures < WAY_ATTEMPTS || isLast) return open(draft);
  delivery.phase = "probing";
  draft.act({ do: "poll", purpose: "probe", have: have(draft.held) });
}

/** The plain poll got through where the way did not; or the server is back, and the way begins anew. */
export function reachable(draft) {
  const { delivery } = draft;
  if (delivery.phase !== "probing") return;
  if (!delivery.isAway) return demote(draft);
  delivery.isAway = false;
  delivery.failures = 0;
  open(draft);
}

/** The plain poll did not get through either. */
export function unreachable(draft, retryAfter) {
  const { delivery } = draft;
  if (delivery.phase !== "probing") return;
  delivery.phase = "idle";
  delivery.isAway = true;
  delivery.failures += 1;
  draft.timer("way", pause(delivery.failures, retryAfter));
}

function demote(draft) {
  close(draft);
  draft.delivery.at += 1;
  draft.delivery.failures = 0;
  open(draft);
}

/** Begins with the best way again. `attempts`: how often it may fail before a plain poll decides. */
export function restart(draft, attempts = WAY_ATTEMPTS) {
  close(draft);
  draft.delivery.at = 0;
  draft.delivery.failures = WAY_ATTEMPTS - attempts;
  open(draft);
}

/** Tries the best way again while a lesser one works: once, because meanwhile nothing comes. */
export const promote = (draft) => restart(draft, 1);

/** A poll of the present way was answered; `waited` says whether the server followed the wait. */
export function polled(draft, { interval, waited = true, type }, verdict) {
  const { delivery } = draft;
  const isFirst = delivery.phase === "opening";
  const isLong = wayOf(delivery) === "long";
  delivery.phase = "open";
  // That a plain poll gets through says nothing of those that wait.
  if (!isLong || !isFirst) delivery.failures = 0;
  if (interval !== undefined) delivery.interval = interval;
  // Somebody on the way takes the wait out of the requests: this would become a poll without any pause.
  if (isLong && !isFirst && type === "unchanged" && !waited) return demote(draft);
  if (isLong && type !== "unknown" && (verdict === "taken" || verdict === "gap")) return poll(draft);
  draft.timer("way", [delivery.interval, delivery.interval * INTERVAL_JITTER]);
}
