// What people do, as merge patches (RFC 7396): each names only what it changes, so two people who work on different things, be it of the
// same card, do not undo each other.

import { between } from "./order.js";

export const setTitle = (title) => ({ title });

export const renameColumn = (id, title) => ({ columns: { [id]: { title } } });

export const setText = (id, text) => ({ cards: { [id]: { text } } });

export const setDone = (id, done) => ({ cards: { [id]: { done } } });

export const removeCard = (id) => ({ cards: { [id]: null } });

/** A new card before another one; null: at the end. */
export function addCard(board, { id, column, before = null, text }, random) {
  return { cards: { [id]: { text, column, order: orderAt(board, { column, before }, random) } } };
}

/** A card to another place; null if it is there already. */
export function moveCard(board, { id, column, before }, random) {
  const cards = board.columns.find((one) => one.id === column)?.cards ?? [];
  const index = cards.findIndex((card) => card.id === id);
  if (index >= 0 && (cards[index + 1]?.id ?? null) === before) return null;
  const order = orderAt(board, { id, column, before }, random);
  return { cards: { [id]: index < 0 ? { column, order } : { order } } };
}

function orderAt(board, { id, column, before }, random) {
  const cards = (board.columns.find((one) => one.id === column)?.cards ?? []).filter((card) => card.id !== id);
  const at = cards.findIndex((card) => card.id === before);
  const index = at < 0 ? cards.length : at;
  return between(cards[index - 1]?.order ?? null, cards[index]?.order ?? null, random);
}

/** The first thing to see on a new board. */
export function firstBoard() {
  const cards = [
    ["ideas", "Open this page in a second window"],
    ["ideas", "Drag a card while somebody edits it"],
    ["ideas", "Go offline, change a few things, come back"],
    ["doing", "Watch the milliseconds on the circle"],
    ["doing", "Give yourself a name, top right"],
    ["done", "Push state, poll state", true],
  ];
  const entries = cards.map(([column, text, done = false], at) => [`first${at + 1}`, { text, column, order: "CLU"[at % 3] + "V", done }]);
  return { title: "A shared board", cards: Object.fromEntries(entries) };
}

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);

/** The merge patch that takes another one back, given the state before it. */
export function inverse(state, patch) {
  if (!isObject(patch)) return state ?? null;
  if (!isObject(state)) return state === undefined ? null : state;
  return Object.fromEntries(Object.keys(patch).map((name) => [name, inverse(state[name], patch[name])]));
}

/**
 * What of `back` may still be applied: only where the state is as `patch` has left it. What somebody else has changed since is theirs.
 * Undefined if nothing is left.
 */
export function stillMine(state, patch, back) {
  if (isObject(back) && isObject(patch)) {
    const kept = Object.keys(back).flatMap((name) => {
      const part = stillMine(isObject(state) ? state[name] : undefined, patch[name], back[name]);
      return part === undefined ? [] : [[name, part]];
    });
    return kept.length === 0 ? undefined : Object.fromEntries(kept);
  }
  return isSame(state, patch) ? back : undefined;
}

/** Whether the state is what a patch said; a member that was removed is null in a patch and missing in a state. */
function isSame(state, patch) {
  if (patch === null || patch === undefined) return state === undefined || state === null;
  if (!isObject(patch) || !isObject(state)) return JSON.stringify(state) === JSON.stringify(patch);
  const names = new Set([...Object.keys(patch), ...Object.keys(state)]);
  return [...names].every((name) => isSame(state[name], patch[name]));
}
