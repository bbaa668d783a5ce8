// The list of daemons: how each one is, and what it does.

import { make, renew, setClass, setText } from "./dom.js";
import { bytes, clock, number, ranges, seconds, share } from "./format.js";
import { place } from "./alerts.js";

const STATES = { ready: "ready", "not-ready": "not ready", silent: "silent" };

export function showDaemons(list, daemons, count) {
  renew(list, daemons, card, (element, daemon) => fill(element, daemon, count));
}

function card() {
  const load = make("meter", { min: 0, max: 1, low: 0.6, high: 0.85, optimum: 0.2 });
  return make("li", {}, make("span", { class: "role" }), make("span", { class: "state" }), make("p"), load, make("p"), make("p", { class: "reason" }));
}

function fill(element, daemon, count) {
  const [role, state, where, load, doing, reason] = element.children;
  const isSilent = daemon.status === "silent";
  setClass(element, `daemon ${daemon.status}${daemon.replaced ? " replaced" : ""}`);
  element.title = `${daemon.name}, release ${daemon.version}`;
  setText(role, daemon.role);
  setText(state, isSilent ? (daemon.replaced ? "replaced" : `silent for ${seconds(daemon.age)}`) : STATES[daemon.status] ?? daemon.status);
  const up = (Date.parse(daemon.seen) - Date.parse(daemon.since)) / 1_000;
  setText(where, isSilent
    ? `${place(daemon)} · seen at ${clock(daemon.seen)}, after ${seconds(up)}`
    : `${place(daemon)} · up ${seconds(up)} · ${bytes(daemon.figures?.memory)}`);
  load.hidden = isSilent || daemon.figures?.load === undefined;
  if (!load.hidden) {
    load.value = daemon.figures.load;
    load.title = `The busiest event loop was at work for ${share(daemon.figures.load)} of the last second.`;
  }
  setText(doing, isSilent ? "" : work(daemon, count).join(" · "));
  setText(reason, Object.entries(daemon.reasons ?? {}).map(([name, text]) => `${name}: ${text}`).join(" "));
}

/** What it does, as far as it counts that. */
function work({ figures = {}, rates, partitions }, count) {
  const words = [];
  // Of one core: with several threads it can be more than all of it.
  if (rates.cpu_seconds !== undefined) words.push(`${share(rates.cpu_seconds)} CPU`);
  if (partitions) {
    const led = partitions.length === count ? `all ${count} partitions` : `${partitions.length} of ${count} partitions (${ranges(partitions)})`;
    words.unshift(led);
    words.push(`${number(rates.folded ?? 0)} changes/s`);
    if (figures.pending > 0) words.push(`${number(figures.pending)} waiting`);
  }
  if (figures.polls !== undefined) words.push(`${number(rates.polls ?? 0)} polls/s`);
  if (figures.pushes !== undefined) words.push(`${number((rates.pushes ?? 0) + (rates.batches ?? 0))} pushes/s`);
  if (figures.followers > 0) words.push(`${number(figures.followers)} clients wait`);
  if (figures.connections > 0) words.push(`${number(figures.connections)} ${figures.connections === 1 ? "connection" : "connections"}`);
  if (rates.server_errors > 0) words.push(`${number(rates.server_errors)} answers 5xx/s`);
  return words;
}
