// What a client does, without doing it: `step(state, event)` gives the next state and the actions to take. No clock, no chance, no I/O,
// so every decision can be tested from a table. ClientBehaviour.md has the events, the actions and the rules in words.

import * as delivery from "./delivery.js";
import * as heldState from "./held.js";
import { apply } from "./patch.js";
import { pause } from "./pauses.js";
import * as presence from "./presence.js";
import * as pushing from "./pushing.js";
import * as queues from "./queue.js";
import { text } from "./tokens.js";

/** A client that has not begun yet. */
export function initial(given) {
  const state = {
    held: heldState.heldOf(given.held),
    // Whether the application exists; null until a server has said so.
    exists: given.exists ?? (given.held?.now ? true : null),
    queue: queues.queueOf(given.queue),
    questions: given.questions ?? [],
    pushFailures: 0,
    settleFailures: 0,
    delivery: delivery.deliveryOf(given.delivery),
    presence: presence.presenceOf(given.presence),
    isOnline: given.isOnline ?? true,
    timers: given.timers ?? [],
    // What keeps changes from being sent, and states from coming.
    pushProblem: null,
    problem: null,
    view: undefined,
  };
  state.view = viewOf(state);
  return state;
}

/** One event. */
export function step(before, event) {
  const draft = new Draft(before);
  take(draft, event);
  if (event.type !== "stop") {
    pushing.send(draft);
    pushing.ask(draft);
    presence.keepUp(draft);
  }
  return draft.finished(before);
}

/** A copy to work on, and the actions that come of it. */
class Draft {
  constructor(state) {
    Object.assign(this, state);
    for (const part of ["held", "queue", "delivery", "presence"]) this[part] = { ...state[part] };
    this.timers = new Set(state.timers);
    this.actions = [];
  }

  act(action) {
    this.actions.push(action);
  }

  /** Sets a timer that fires between these moments (milliseconds from now), in place of one of the same name. */
  timer(name, between) {
    this.timers.add(name);
    this.act({ do: "timer", name, between });
  }

  cancel(name) {
    if (this.timers.delete(name)) this.act({ do: "cancel", name });
  }

  isSet(name) {
    return this.timers.has(name);
  }

  finished(before) {
    const { actions, ...state } = this;
    state.timers = [...this.timers];
    state.view = rebased(before, state);
    // First: no change may leave under an id that a later start would give to another one.
    const save = queues.saving(before.queue, state.queue);
    return { state, actions: save === null ? actions : [save, ...actions] };
  }
}

function take(draft, event) {
  switch (event.type) {
    case "start": return start(draft);
    case "stop": return stop(draft);
    case "offline": return offline(draft);
    case "online": return online(draft);
    case "timer": return timer(draft, event.name);

    case "push": return queues.enqueue(draft.queue, event);
    case "pushed": return pushing.pushed(draft, event);
    case "push-failed": return pushing.pushFailed(draft, event);
    case "ack": return pushing.acked(draft, event);
    case "refused": return pushing.refused(draft, event);
    case "rejected": return pushing.rejected(draft, event);
    case "outcome": return pushing.outcome(draft, event);
    case "ask-failed": return pushing.askFailed(draft, event);

    case "opened": return opened(draft, event);
    case "heard": return delivery.heard(draft);
    case "closed": return explained(draft, event, closed);
    case "state": case "patch": case "unchanged": case "unknown": return arrived(draft, event);
    case "poll-failed": return explained(draft, event, pollFailed);

    case "say": {
      draft.presence.value = event.value;
      return presence.say(draft);
    }
    case "said": return presence.said(draft);
    case "say-failed": return presence.sayFailed(draft, event);
    case "present": return present(draft, event);
    case "watch-presence": return watchPresence(draft);
    default: throw new TypeError(`There is no event “${event.type}”.`);
  }
}

function start(draft) {
  if (draft.isOnline) delivery.open(draft);
}

function stop(draft) {
  presence.leave(draft);
  delivery.close(draft);
  for (const name of draft.timers) draft.cancel(name);
}

function offline(draft) {
  draft.isOnline = false;
  delivery.close(draft);
  pushing.socketGone(draft);
  presence.forgotten(draft);
  for (const name of draft.timers) draft.cancel(name);
}

/** The network is another, maybe: everything is tried at once and from the best way on. */
function online(draft) {
  if (draft.isOnline) return;
  draft.isOnline = true;
  draft.pushFailures = 0;
  delivery.restart(draft);
  pushing.settleSoon(draft);
}

function timer(draft, name) {
  draft.timers.delete(name);
  switch (name) {
    case "way": return delivery.resume(draft);
    case "steady": return delivery.steady(draft);
    case "silence": return silent(draft);
    case "promote": return delivery.promote(draft);
    case "settle": return pushing.askToSettle(draft, heldState.have(draft.held));
    case "return":
      if (draft.held.strange !== null) draft.held.strange = { ...draft.held.strange, isRipe: true };
      return;
    case "presence": return presence.say(draft);
    case "present": return presence.askWhoIsHere(draft);
    // Nothing but the end of a pause: `step` sends and asks after every event.
    case "send": case "ask": return;
    default: throw new TypeError(`There is no timer “${name}”.`);
  }
}

// The way

function socketGone(draft) {
  pushing.socketGone(draft);
  if (draft.presence.over === "socket") presence.forgotten(draft);
}

function present(draft, event) {
  presence.present(draft, event);
  if (event.tag === undefined && draft.delivery.phase === "open") delivery.heard(draft);
}

/** Streams say who is here only if they were opened for that. */
function watchPresence(draft) {
  if (draft.presence.wanted) return;
  draft.presence.wanted = true;
  if (draft.delivery.phase === "idle") return;
  delivery.close(draft);
  socketGone(draft);
  delivery.open(draft);
}

function opened(draft, { way }) {
  if (way !== delivery.wayOf(draft.delivery)) return;
  draft.problem = null;
  delivery.opened(draft);
  pushing.settleSoon(draft);
}

/** `isFinal`: this way is closed to the client, as with close code 1013. */
function closed(draft, { way, retryAfter, isFinal }) {
  if (way !== delivery.wayOf(draft.delivery) || draft.delivery.phase === "idle") return;
  delivery.failed(draft, { retryAfter, isFinal });
  socketGone(draft);
}

/** An open socket may just have nothing to say; events, or what does not open, are dead. */
function silent(draft, { isAnswered = false, retryAfter = 0 } = {}) {
  const isOpenSocket = delivery.wayOf(draft.delivery) === "socket" && draft.delivery.phase === "open";
  if (isOpenSocket && !isAnswered) return draft.act({ do: "poll", purpose: "silence", have: heldState.have(draft.held) });
  // The answer may come when the socket is gone for another reason.
  if (isAnswered && !isOpenSocket) return;
  delivery.failed(draft, { retryAfter });
  socketGone(draft);
}

/** A poll that was not answered, or by an error. */
function pollFailed(draft, { purpose, retryAfter = 0, problem }) {
  if (!draft.isOnline) return;
  switch (purpose) {
    case "way": return delivery.failed(draft, { retryAfter });
    case "probe": return delivery.unreachable(draft, retryAfter);
    case "silence": return silent(draft, { isAnswered: true, retryAfter });
    case "settle":
      if (pushing.slug(problem) === "epoch-changed") {
        // Without a position, and with a version of the old epoch: that makes the server look again and show the new one.
        return draft.act({ do: "poll", purpose: "look", have: heldState.have(draft.held) });
      }
      return settleLater(draft, retryAfter);
    default: return settleLater(draft, retryAfter);
  }
}

function settleLater(draft, retryAfter) {
  draft.settleFailures += 1;
  const [low, high] = pause(draft.settleFailures, retryAfter);
  draft.timer("settle", [Math.max(low, pushing.SETTLE_AFTER), Math.max(high, pushing.SETTLE_AFTER)]);
}

// States

/** A server has said what the state is, by a stream or as the answer to a poll of some purpose. */
function arrived(draft, event) {
  const isStream = event.purpose === undefined;
  // What a stream that was closed still had to say comes too late.
  if (isStream && draft.delivery.phase !== "open") return;
  const before = draft.held.now;
  const verdict = event.type === "unknown" ? gone(draft) : isLeftToWay(draft, event) ? "behind" : heldState.receive(draft.held, event);
  draft.problem = null;
  if (verdict === "strange") {
    if (!draft.isSet("return")) draft.timer("return", [heldState.RETURN_AFTER, heldState.RETURN_AFTER]);
  } else if (draft.held.strange === null) {
    draft.cancel("return");
  }
  if (verdict === "taken" && draft.held.now !== null) draft.exists = true;
  // Nothing is dropped or sent again for an answer that is not believed.
  if (verdict === "taken") pushing.settle(draft);
  follow(draft, event, verdict, before);
}

/** News in the answer to a question beside a stream: that brings them too, from the version that it has told last. */
function isLeftToWay(draft, event) {
  const isBeside = event.purpose === "settle" && draft.delivery.phase === "open" && delivery.wayOf(draft.delivery) !== "short";
  return isBeside && heldState.isNews(draft.held, event);
}

function gone(draft) {
  heldState.leave(draft.held);
  draft.held.isWhole = true;
  draft.exists = false;
  return "taken";
}

/** What the answer means for the way it came, or was asked beside. */
function follow(draft, event, verdict, before) {
  if (!draft.isOnline) return;
  switch (event.purpose) {
    case undefined:
      delivery.heard(draft);
      if (verdict !== "taken") {
        delivery.reopen(draft);
        socketGone(draft);
      }
      return;
    case "way": return delivery.polled(draft, event, verdict);
    case "probe": return delivery.reachable(draft);
    case "silence":
      // News that the socket should have brought: it is dead, without anybody having noticed.
      if (draft.held.now?.version !== before?.version || draft.held.now?.epoch !== before?.epoch) {
        return silent(draft, { isAnswered: true });
      }
      if (draft.delivery.phase === "open") delivery.heard(draft);
      return;
    case "settle": case "look":
      draft.settleFailures = 0;
      if (draft.queue.items.some((item) => item.stage === "acknowledged")) settleLater(draft, 0);
  }
}

function explained(draft, event, handle) {
  draft.problem = event.problem ?? null;
  handle(draft, event);
}

// What people see

/** The view after a step: pending changes are applied anew to another state, and only what has come is to the same. */
function rebased(before, after) {
  const [old, present] = [before.queue.items, after.queue.items];
  const isSameState = before.held.now?.value === after.held.now?.value && heldState.have(before.held) === heldState.have(after.held);
  const isPrefix = old.length <= present.length && old.every((item, index) => item.order === present[index].order);
  return isSameState && isPrefix ? viewOf(after, before.view, old.length) : viewOf(after);
}

/** The server's state with everything pending applied to it; undefined if there is neither. What cannot be applied shows nothing. */
function viewOf({ held, queue }, start = held.now?.value, from = 0) {
  let value = start;
  queue.items.forEach((item, index) => {
    if (index < from || !mayApply(item, held, index)) return;
    try {
      value = apply(value ?? {}, item.type, item.change);
    } catch {
      // The server will say why.
    }
  });
  return value;
}

/** A condition is about what precedes the change in the log; of that, this client knows its own changes only. */
function mayApply({ if_match, if_none_match }, held, index) {
  if (if_none_match !== undefined) return held.now === null && index === 0;
  if (if_match === undefined || if_match === "*") return true;
  return index === 0 && heldState.have(held) === if_match.replace(/^"|"$/g, "");
}

/** What a caller is told of how things stand. */
export function statusOf(state) {
  const { phase } = state.delivery;
  const now = state.held.now;
  return {
    phase: !state.isOnline ? "offline" : phase === "open" ? "live" : "connecting",
    way: delivery.wayOf(state.delivery),
    exists: state.exists,
    version: now === null ? null : heldState.have(state.held) ?? text({ epoch: now.epoch, number: now.version }),
    position: now === null ? null : text({ epoch: now.epoch, number: now.position }),
    pending: state.queue.items.length,
    problem: state.pushProblem ?? state.problem,
  };
}
