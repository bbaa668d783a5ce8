// Who is here: what this client says about itself, renewed as long as it is here, and what others say.

import { wayOf } from "./delivery.js";
import { pause } from "./pauses.js";

/** Seconds after which a client that is gone is forgotten: the contract's own choice. */
export const PRESENCE_LIFE = 30;
/** Milliseconds between renewals: a third, so that two may fail. */
export const PRESENCE_RENEWAL = (PRESENCE_LIFE * 1_000) / 3;
/** Milliseconds between questions for who is here, where no stream says so. */
export const PRESENCE_INTERVAL = 2_000;

export function presenceOf({ value, wanted = false, clients = {}, tag = null, failures = 0, over = null } = {}) {
  // `over`: how it was said last; null if that is void.
  return { value, wanted, clients, tag, failures, over };
}

/** Says what there is to say, now and again. Undefined: nothing was ever said. Null: this client is not here. */
export function say(draft) {
  const { presence, delivery } = draft;
  if (presence.value === undefined || !draft.isOnline) return;
  const over = wayOf(delivery) === "socket" && delivery.phase === "open" ? "socket" : "http";
  presence.over = over;
  draft.act({ do: "say", over, value: presence.value, ...(presence.value !== null && { ttl: PRESENCE_LIFE }) });
  if (presence.value === null) {
    draft.cancel("presence");
    return;
  }
  draft.timer("presence", [PRESENCE_RENEWAL * 0.9, PRESENCE_RENEWAL]);
}

export function said(draft) {
  draft.presence.failures = 0;
}

/** Sooner than the next renewal, so that the time does not run out. */
export function sayFailed(draft, { retryAfter = 0 }) {
  if (draft.presence.value === undefined) return;
  draft.presence.failures += 1;
  const [low, high] = pause(draft.presence.failures, retryAfter);
  draft.timer("presence", [Math.min(low, Math.max(PRESENCE_RENEWAL, retryAfter)), Math.min(high, Math.max(PRESENCE_RENEWAL, retryAfter))]);
}

/** After a way has opened: what was said on a socket was forgotten with it, and polls do not say who is here. */
export function keepUp(draft) {
  const { presence, delivery } = draft;
  if (delivery.phase !== "open") return;
  if (presence.over === null) say(draft);
  if (!draft.isSet("present")) askWhoIsHere(draft);
}

/** The client ends. What it said on a socket is gone with that. */
export function leave(draft) {
  const { presence } = draft;
  if (presence.over === "http" && presence.value !== null) draft.act({ do: "say", over: "http", value: null });
}

/** The socket is gone, or so much time that nobody knows. */
export function forgotten(draft) {
  draft.presence.over = null;
}

/** Asks who is here, where nobody says so. */
export function askWhoIsHere(draft) {
  const way = wayOf(draft.delivery);
  if (!draft.presence.wanted || !draft.isOnline || way === "socket" || way === "events") return;
  draft.act({ do: "ask-presence", tag: draft.presence.tag });
  draft.timer("present", [PRESENCE_INTERVAL, PRESENCE_INTERVAL * 1.2]);
}

export function present(draft, { clients, tag = null }) {
  draft.presence.clients = clients;
  draft.presence.tag = tag;
}
