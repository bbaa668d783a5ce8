// The changes that are not known to be folded in yet, in their order, under the ids `<client>~<n>`.
//
//     fresh ──sent──▶ sent ──receipt──▶ acknowledged ──state at or past the receipt──▶ gone, confirmed
//       ▲              │                     │
//       └──no answer───┴──another epoch──────┘           any ──refused or rejected──▶ gone, with the reason
//
// The store takes a client's numbers without gaps, so what is confirmed or refused says the same of every number before it, and only a
// number that was never taken may be given to another change.
//
// A queue is a value: these functions get a copy from `step` and alter that copy. Items are replaced, never altered.

import { text } from "./tokens.js";

/** Changes of one request. The contract allows 1,000; an error in one refuses all, so fewer lose less. */
export const BATCH_CHANGES = 250;
/** Bytes of one request, half of what the contract allows: escapes and the frame round each change come on top. */
export const BATCH_BYTES = 4 * 1024 * 1024;
/** Changes that may wait, offline too. Each new state is rebased by applying all of them. */
export const MOST_PENDING = 10_000;
/** Bytes of one change, as the contract has it. */
export const CHANGE_BYTES = 1024 * 1024;

export function queueOf({ client, generation = 1, last = 0, items = [], batch = BATCH_CHANGES }) {
  return {
    client,
    generation,
    last,
    nextOrder: 1 + Math.max(0, ...items.map((item) => item.order)),
    items: items.map((item) => ({ stage: "fresh", receipt: null, outcome: null, mayBeRepeat: true, isStray: false, ...item })),
    // Ids of the request that is under way.
    sending: [],
    // The most changes of the next request; less after one was refused without saying why.
    batch,
  };
}

export const idOf = (item) => `${item.client}~${item.number}`;

/** The name that stands in ids. The first is the client's own; each further one has the count of its names behind it. */
export function nameOf(queue) {
  return queue.generation === 1 ? queue.client : `${queue.client}.${queue.generation}`;
}

export function enqueue(queue, { key, mediaType: type, change, if_match, if_none_match, bytes = 0 }) {
  queue.last += 1;
  const item = { order: queue.nextOrder++, key, client: nameOf(queue), number: queue.last, type, change, bytes };
  if (if_match !== undefined) item.if_match = if_match;
  if (if_none_match !== undefined) item.if_none_match = if_none_match;
  // Whether it was sent before: what the server then says of it may be about a later one of this client.
  queue.items = [...queue.items, { ...item, stage: "fresh", receipt: null, outcome: null, mayBeRepeat: false, isStray: false }];
}

/** What to send next: the changes before which none is fresh, as many as fit. */
export function nextBatch(queue, most) {
  const batch = [];
  let bytes = 0;
  for (const item of queue.items) {
    if (item.stage !== "fresh") continue;
    if (batch.length >= Math.min(queue.batch, most)) break;
    if (batch.length > 0 && bytes + item.bytes > BATCH_BYTES) break;
    bytes += item.bytes;
    batch.push(item);
  }
  return batch;
}

/** A change as it stands in a batch or a socket's message. */
export function wireForm(item) {
  const { type, change, if_match, if_none_match } = item;
  const form = { id: idOf(item), type, change };
  if (if_match !== undefined) form.if_match = if_match;
  if (if_none_match !== undefined) form.if_none_match = if_none_match;
  return form;
}

export const find = (queue, id) => queue.items.find((item) => idOf(item) === id);

function replace(queue, chosen, members) {
  queue.items = queue.items.map((item) => (chosen(item) ? { ...item, ...members } : item));
}

/** Whether something was sent that is not known to be folded in. */
export const isUnderWay = (queue) => queue.items.some((item) => item.stage !== "fresh");

export function markSent(queue, items) {
  const chosen = new Set(items);
  replace(queue, (item) => chosen.has(item), { stage: "sent" });
}

/** What is under way was not answered, or its answer is void: the same under the same ids again. */
export function sendAgain(queue, chosen = () => true) {
  const again = new Set(queue.items.filter((item) => item.stage !== "fresh" && chosen(item)));
  if (again.size > 0) replace(queue, (item) => again.has(item), { stage: "fresh", receipt: null, outcome: null, mayBeRepeat: true });
  return again.size > 0;
}

/** The socket is gone, and with it the answers to what was sent on it. The messages may arrive all the same, and late. */
export function sendStraysAgain(queue) {
  const strays = new Set(queue.items.filter((item) => item.stage === "sent").map((item) => item.order));
  sendAgain(queue, (item) => strays.has(item.order));
  replace(queue, (item) => strays.has(item.order), { isStray: true });
}

export function acknowledge(queue, id, receipt, outcome = null) {
  replace(queue, (item) => idOf(item) === id, { stage: "acknowledged", receipt, outcome });
}

/** Takes changes out and answers them. */
export function take(queue, chosen) {
  const taken = queue.items.filter(chosen);
  if (taken.length > 0) queue.items = queue.items.filter((item) => !chosen(item));
  return taken;
}

/** What a state that has everything up to this position confirms. */
export function confirm(queue, position) {
  const folded = (item) => item.receipt?.epoch === position.epoch && item.receipt.number <= position.number;
  const upTo = new Map();
  for (const item of queue.items) if (folded(item)) upTo.set(item.client, item.number);
  return take(queue, (item) => item.number <= (upTo.get(item.client) ?? 0));
}

/** Receipts of other epochs say nothing any more: what has one is sent again. Null for the epoch means that there is no state at all. */
export function voidReceipts(queue, epoch) {
  return sendAgain(queue, (item) => item.stage === "acknowledged" && item.receipt.epoch !== epoch);
}

/**
 * Takes a change out that was refused, and whose number was therefore not taken: it goes to the next change, because the store takes no
 * gaps. Not if later ones are on their way, or may be: such a number could still arrive, and under the old name must never be the next.
 */
export function remove(queue, refused) {
  const isLater = (item) => item.client === refused.client && item.number > refused.number;
  const later = queue.items.filter(isLater);
  queue.items = queue.items.filter((item) => item !== refused);
  if (later.some((item) => item.stage === "sent" || item.isStray)) return rename(queue, later[0]);
  queue.items = queue.items.map((item) =>
    isLater(item) ? { ...item, number: item.number - 1, stage: "fresh", receipt: null, outcome: null, mayBeRepeat: false } : item);
  if (refused.client === nameOf(queue)) queue.last -= 1;
}

/** A new name, under which this change and those behind it count from 1: numbers of the old one will never be taken again. */
export function rename(queue, from) {
  const index = queue.items.findIndex((item) => item.order === from.order);
  queue.generation += 1;
  queue.last = 0;
  queue.items = queue.items.map((item, at) =>
    at < index ? item : { ...item, client: nameOf(queue), number: ++queue.last, stage: "fresh", receipt: null, outcome: null, mayBeRepeat: false, isStray: false });
}

/** What has to be written down so that a later start goes on from here: null if nothing of that has changed. */
export function saving(before, after) {
  const known = new Map(before.items.map((item) => [item.order, item]));
  const put = after.items.filter((item) => {
    const old = known.get(item.order);
    known.delete(item.order);
    return old === undefined || idOf(old) !== idOf(item);
  });
  const meta = { client: after.client, generation: after.generation, last: after.last };
  const isSameName = before.last === after.last && before.generation === after.generation;
  return put.length === 0 && known.size === 0 && isSameName ? null : { do: "save", meta, put: put.map(kept), drop: [...known.keys()] };
}

/** Stage and receipt are not kept: after a start everything is sent again, and recognised. */
function kept({ stage, receipt, outcome, mayBeRepeat, isStray, ...item }) {
  return item;
}

/** The furthest receipt of this epoch, as a token: what a state has to reach to confirm all that is acknowledged. */
export function furthestReceipt(queue, epoch) {
  const numbers = queue.items.flatMap((item) => (item.receipt?.epoch === epoch ? [item.receipt.number] : []));
  return numbers.length === 0 ? null : text({ epoch, number: Math.max(...numbers) });
}
