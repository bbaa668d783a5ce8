// What an operator should see first: what is wrong, in sentences, worst first. Pure.

import { number, ranges, seconds, share } from "./format.js";
import { unledPartitions } from "./figures.js";

/** From this share of an event loop's time on, servers tell clients to poll less often. */
const BUSY = 0.85;
/** So many changes wait when a merge daemon is stopped for some seconds, and hardly ever else. */
const BACKLOG = 1_000;

/** @param view what `advance` gave. */
export function alerts({ daemons, totals, partitions }) {
  const bad = [];
  const warn = [];
  for (const daemon of daemons) {
    const who = `${daemon.role} at ${place(daemon)}`;
    if (daemon.status === "silent" && !daemon.replaced) {
      bad.push({ about: daemon.name, text: `${who} has said nothing for ${seconds(daemon.age)}.` });
    }
    if (daemon.status === "not-ready") {
      const reasons = Object.entries(daemon.reasons ?? {}).map(([name, reason]) => `${name}: ${reason}`);
      bad.push({ about: daemon.name, text: `${who} is not ready. ${reasons.join(" ")}` });
    }
    if (daemon.status === "silent") continue;
    if ((daemon.figures?.load ?? 0) > BUSY) {
      warn.push({ about: daemon.name, text: `${who} is busy: ${share(daemon.figures.load)} of an event loop's time.` });
    }
    if (daemon.rates.failures > 0) {
      warn.push({ about: daemon.name, text: `${who} fails to merge ${number(daemon.rates.failures)} times a second; its log says why.` });
    }
  }
  const unled = unledPartitions(daemons, partitions);
  if (unled.length === partitions) {
    bad.unshift({ about: null, text: "No merge daemon is at work: what is pushed waits." });
  } else if (unled.length > 0) {
    warn.unshift({ about: null, text: `Nobody works in ${unled.length} of ${partitions} partitions: ${ranges(unled)}.` });
  }
  if (totals.pending > BACKLOG) warn.push({ about: null, text: `${number(totals.pending)} changes wait to be merged.` });
  return [...bad.map((alert) => ({ level: "bad", ...alert })), ...warn.map((alert) => ({ level: "warn", ...alert }))];
}

/** Where a daemon listens, in short. */
export function place(daemon) {
  const address = daemon.address || "an address not known yet";
  return address.startsWith("unix:") ? address.slice(address.lastIndexOf("/") + 1) : address;
}
