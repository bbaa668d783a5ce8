// The state that the client has, and whether an answer may take its place.
//
// Within an epoch versions only go up: a server that is behind is not believed. An epoch that was left is not gone back to, because a
// server on the old Redis may still be answering; but the one gone to may have been that one, so an epoch that is all that is
// answered for RETURN_AFTER is taken again, from the position on that the client had there.

import { jsonPatch, mergePatch } from "./patch.js";
import { text, token } from "./tokens.js";

/** Milliseconds. Longer than two primaries exist at the same time in an orderly failover, short enough for a person to wait. */
export const RETURN_AFTER = 10_000;
/** Epochs that are remembered as left. Each is a loss of data or a deletion: nobody sees many. */
const MOST_LEFT = 16;

/** `now`: epoch, numbers of version and position, and the value. `left`: the position of each epoch that was left. */
export function heldOf({ now = null, left = {}, strange = null } = {}) {
  return { now, left, strange, isWhole: true };
}

/** What to name as had: nothing, if it cannot be built on. */
export const have = (held) =>
  held.now !== null && held.isWhole ? text({ epoch: held.now.epoch, number: held.now.version }) : null;

/**
 * Takes what a server said, a state, a patch or that nothing has changed: "taken"; "behind", it has less than the client; "gap", it does
 * not fit what the client has, which needs the whole state; "strange", it is of an epoch that was left.
 */
export function receive(held, answer) {
  const version = token(answer.version);
  const position = token(answer.position) ?? version;
  if (version === null) {
    // Nothing has changed, and how far the server is.
    if (answer.type !== "unchanged" || held.now === null || position === null) return "gap";
    return receive(held, { ...answer, version: text({ epoch: position.epoch, number: held.now.version }) });
  }
  if (held.now?.epoch !== version.epoch) return receiveEpoch(held, answer, version, position);

  held.strange = null;
  const { now } = held;
  if (version.number < now.version) return "behind";
  let { value } = now;
  if (answer.type === "state") {
    if (version.number > now.version) value = answer.state;
    held.isWhole = true;
  } else if (version.number > now.version) {
    if (answer.type !== "patch" || answer.from !== have(held)) return gap(held);
    try {
      value = patched(value, answer.patch);
    } catch {
      return gap(held);
    }
  }
  held.now = { ...now, version: version.number, position: Math.max(now.position, position.number, version.number), value };
  return "taken";
}

/** Whether an answer is of the epoch at hand and of a later version. */
export function isNews({ now }, answer) {
  const version = token(answer.version);
  return now !== null && version?.epoch === now.epoch && version.number > now.version;
}

function receiveEpoch(held, answer, version, position) {
  const floor = held.left[version.epoch];
  if (floor !== undefined) {
    const isRipe = held.strange?.epoch === version.epoch && held.strange.isRipe;
    if (!isRipe || position.number < floor) {
      if (held.strange?.epoch !== version.epoch) held.strange = { epoch: version.epoch, isRipe: false };
      return "strange";
    }
  }
  if (answer.type !== "state") return gap(held);
  leave(held);
  const { [version.epoch]: _, ...left } = held.left;
  held.left = left;
  held.strange = null;
  held.isWhole = true;
  held.now = { epoch: version.epoch, version: version.number, position: position.number, value: answer.state };
  return "taken";
}

/** There is no such application, or not any more. */
export function leave(held) {
  if (held.now === null) return;
  const left = Object.entries({ ...held.left, [held.now.epoch]: held.now.position });
  held.left = Object.fromEntries(left.slice(-MOST_LEFT));
  held.now = null;
}

function gap(held) {
  held.isWhole = false;
  return "gap";
}

function patched(value, patch) {
  return Array.isArray(patch) ? jsonPatch(value, patch) : mergePatch(value, patch);
}
