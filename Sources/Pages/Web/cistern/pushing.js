// Sending what is pending, and what each answer means for it. One request is under way at a time, or on a socket as many changes as it
// allows.

import { wayOf } from "./delivery.js";
import { pause } from "./pauses.js";
import * as queues from "./queue.js";
import { token } from "./tokens.js";

/** Changes on a socket without an answer, as the contract has it: the server reads no further then. */
export const SOCKET_UNANSWERED = 64;
/** Milliseconds until a question settles what is acknowledged and not confirmed. Streams say nothing of changes that were rejected. */
export const SETTLE_AFTER = 1_000;
/** Questions for outcomes that are under way at the same time: each is a request, and a small one. */
export const MOST_ASKING = 16;
/** Outcomes that are asked for later. Beyond, a change counts as folded with an unknown outcome. */
export const MOST_QUESTIONS = 1_000;

/** Problems that are about one change, whatever becomes of the others: sending it again would change nothing. */
const REFUSALS = new Set([
  "invalid-id", "invalid-patch", "invalid-precondition", "malformed-json", "change-too-large", "unsupported-change-type",
  "change-too-old", "change-from-the-future", "invalid-batch",
]);

const DROPPED = { type: "/problems/application-deleted", title: "The application of this change was deleted", status: 410 };

export const slug = (problem) => problem?.type?.replace(/^.*\/problems\//, "") ?? null;

/** Sends what comes next, if nothing stands against it. */
export function send(draft) {
  const { queue, delivery } = draft;
  if (!draft.isOnline || queue.sending.length > 0 || draft.isSet("send")) return;
  const unanswered = queue.items.filter((item) => item.stage === "sent").length;
  const isSocket = wayOf(delivery) === "socket" && delivery.phase === "open";
  if (!isSocket && unanswered > 0) return;
  const batch = queues.nextBatch(queue, isSocket ? SOCKET_UNANSWERED - unanswered : Infinity);
  if (batch.length === 0) return;
  queues.markSent(queue, batch);
  if (!isSocket) queue.sending = batch.map(queues.idOf);
  draft.act({ do: "send", over: isSocket ? "socket" : "http", changes: batch.map(queues.wireForm) });
}

/** The socket is gone, and with it the answers to what was sent on it. */
export function socketGone(draft) {
  if (draft.queue.sending.length === 0) queues.sendStraysAgain(draft.queue);
}

// Answers

/** A batch was taken: one result for each change. */
export function pushed(draft, { results }) {
  draft.queue.sending = [];
  draft.queue.batch = Math.min(queues.BATCH_CHANGES, draft.queue.batch * 2);
  for (const result of results) {
    const item = queues.find(draft.queue, result.id);
    if (item === undefined) continue;
    if (result.status === "rejected" || result.status === "dropped") {
      answer(draft, queues.take(draft.queue, (other) => other === item), "rejected", result.reason ?? DROPPED);
      continue;
    }
    // An earlier number that is repeated gets the position of the last one: enough to confirm it, not to tell what became of it.
    const receipt = { ...token(result.receipt), isExact: result.created !== false };
    queues.acknowledge(draft.queue, result.id, receipt, result.status === "applied" ? "applied" : null);
  }
  acknowledged(draft);
}

export function acked(draft, { id, receipt }) {
  queues.acknowledge(draft.queue, id, { ...token(receipt), isExact: queues.find(draft.queue, id)?.mayBeRepeat === false });
  acknowledged(draft);
}

function acknowledged(draft) {
  draft.pushFailures = 0;
  draft.pushProblem = null;
  settle(draft);
  settleSoon(draft);
}

/** Sees to it that what is acknowledged is settled, also if nothing else happens. Short polls do that by themselves. */
export function settleSoon(draft) {
  if (wayOf(draft.delivery) === "short" || draft.isSet("settle")) return;
  if (draft.queue.items.some((item) => item.stage === "acknowledged")) draft.timer("settle", [SETTLE_AFTER, SETTLE_AFTER * 1.5]);
}

/** A request was not answered, or refused as a whole; `problem.pointer` says whose fault it was, if one change's. */
export function pushFailed(draft, { problem, retryAfter = 0 }) {
  const { queue } = draft;
  const sent = queue.sending;
  queue.sending = [];
  queues.sendAgain(queue, (item) => item.stage === "sent");
  const place = /^\/(\d+)/.exec(problem?.pointer ?? "")?.[1];
  const id = place !== undefined ? sent[Number(place)] : sent.length === 1 ? sent[0] : undefined;
  const item = id === undefined ? undefined : queues.find(queue, id);
  if (item !== undefined && judge(draft, item, problem)) return;
  // Whose fault it is was not said, or all were too much together: fewer.
  if (problem?.status >= 400 && problem.status < 500 && (slug(problem) === "batch-too-large" || REFUSALS.has(slug(problem)))) {
    queue.batch = Math.max(1, Math.floor(queue.batch / 2));
  }
  later(draft, retryAfter, problem);
}

/** One change of a socket was refused. Those behind it are refused as out of order, or not answered any more. */
export function refused(draft, { id, problem, retryAfter = 0 }) {
  const item = queues.find(draft.queue, id);
  if (item === undefined || item.stage !== "sent") return;
  if (judge(draft, item, problem)) return;
  queues.sendAgain(draft.queue, (other) => other.stage === "sent");
  later(draft, retryAfter, problem);
}

/** What a refusal says about a change, and those round it. False if it says nothing: the same is sent again later. */
function judge(draft, item, problem) {
  const { queue } = draft;
  const ofClient = (other) => other.client === item.client;
  switch (slug(problem)) {
    case "application-deleted":
      answer(draft, queues.take(queue, (other) => ofClient(other) && other.number <= item.number), "rejected", problem);
      break;
    case "change-id-reused":
      // Somebody else has used this name, such as a copy of this client's storage.
      queues.rename(queue, item);
      later(draft, 0);
      break;
    case "client-unknown": {
      const first = queue.items.find(ofClient);
      if (first.number === item.number) queues.rename(queue, first);
      // The end of the log was lost, with what stands before under other names, maybe: the order is that of all.
      else queues.sendAgain(queue);
      later(draft, 0);
      break;
    }
    case "out-of-order": {
      const expected = queue.items.find((other) => ofClient(other) && other.number === problem.expected);
      const next = queue.items.find((other) => ofClient(other) && other.number >= problem.expected);
      if (expected === undefined) {
        // The store has lost a number that was confirmed here: nothing under this name can go on.
        queues.rename(queue, next ?? item);
      } else {
        queues.sendAgain(queue, (other) => ofClient(other) && other.number >= problem.expected);
      }
      later(draft, 0);
      break;
    }
    default: {
      // Of a token that allows other parts of the state only, the pointer says that it is about this change; one that allows no change at
      // all may be followed by another.
      const isStray = slug(problem) === "forbidden" && problem.pointer !== undefined;
      if (!isStray && !REFUSALS.has(slug(problem))) return false;
      queues.remove(queue, item);
      answer(draft, [item], "refused", problem);
    }
  }
  return true;
}

/** Everything after a pause. */
function later(draft, retryAfter, problem = null) {
  draft.pushFailures += 1;
  draft.pushProblem = problem;
  draft.timer("send", pause(draft.pushFailures, retryAfter));
}

// Confirmation

/** Drops what the state at hand confirms, and takes back what it says was lost. */
export function settle(draft) {
  const { queue, held } = draft;
  const { now } = held;
  if (now === null) {
    if (draft.exists === false) again(draft, null);
    return;
  }
  const confirmed = queues.confirm(queue, { epoch: now.epoch, number: now.position });
  for (const item of confirmed) conclude(draft, item);
  again(draft, now.epoch);
  if (!queue.items.some((item) => item.stage === "acknowledged")) draft.cancel("settle");
}

function again(draft, epoch) {
  // With a pause: the server of the pushes may be ahead of the one that is polled, and say the same again.
  if (queues.voidReceipts(draft.queue, epoch)) later(draft, 0);
}

/** A confirmed change was applied or rejected. Often the version says which; else the server is asked. */
function conclude(draft, item) {
  const { version } = draft.held.now;
  if (item.outcome === "applied" || (item.receipt?.isExact && item.receipt.number === version)) return answer(draft, [item], "applied");
  if (draft.questions.length >= MOST_QUESTIONS) return answer(draft, [item], "unknown");
  draft.questions = [...draft.questions, { id: queues.idOf(item), key: item.key, isAsked: false }];
}

/**
 * Asks for outcomes, some at a time. Not while changes are on their way: of a name the store remembers the last position only, so as long as
 * that is not folded in, the server calls what precedes it pending, too.
 */
export function ask(draft) {
  if (!draft.isOnline || draft.isSet("ask") || queues.isUnderWay(draft.queue)) return;
  let asking = draft.questions.filter((question) => question.isAsked).length;
  draft.questions = draft.questions.map((question) => {
    if (question.isAsked || asking >= MOST_ASKING) return question;
    asking += 1;
    draft.act({ do: "ask", id: question.id });
    return { ...question, isAsked: true };
  });
}

/** The answer; `unknown` if the server does not remember. */
export function outcome(draft, { id, status, reason }) {
  const question = draft.questions.find((other) => other.id === id);
  if (question === undefined) return;
  draft.questions = draft.questions.filter((other) => other !== question);
  const isRejected = status === "rejected" || status === "dropped";
  const told = isRejected ? { outcome: "rejected", reason: reason ?? DROPPED } : { outcome: status };
  draft.act({ do: "tell", key: question.key, id, ...told });
}

export function askFailed(draft, { id, retryAfter = 0 }) {
  draft.questions = draft.questions.map((question) => (question.id === id ? { ...question, isAsked: false } : question));
  draft.timer("ask", pause(5, retryAfter));
}

/** A socket says that a change came to nothing: one that is pending, or whose outcome is being asked for. */
export function rejected(draft, { id, reason }) {
  answer(draft, queues.take(draft.queue, (item) => queues.idOf(item) === id), "rejected", reason);
  outcome(draft, { id, status: "rejected", reason });
}

function answer(draft, items, what, reason) {
  for (const item of items) {
    draft.act({ do: "tell", key: item.key, id: queues.idOf(item), outcome: what, ...(reason && { reason }) });
  }
}

/** The time to settle has come: one question for a state that has everything acknowledged. */
export function askToSettle(draft, have) {
  const epoch = draft.held.now?.epoch ?? draft.queue.items.find((item) => item.receipt)?.receipt.epoch;
  const atLeast = epoch === undefined ? null : queues.furthestReceipt(draft.queue, epoch);
  if (atLeast !== null) draft.act({ do: "poll", purpose: "settle", have, atLeast });
}
