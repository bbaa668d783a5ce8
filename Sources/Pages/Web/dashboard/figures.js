// From what daemons report to rates and sums. Pure: `advance` takes what was known and the next report.
//
// Daemons report what they have counted since their start, every two seconds by their own clocks. A rate is the difference of two reports
// of one daemon over the time between them, so it does not matter when the page asked.

/** What is told as counted since the start. */
const COUNTED = [
  "requests", "server_errors", "polls", "pushes", "batches", "folded", "rejected", "published", "failures", "lag_seconds",
  "lag_count", "cpu_seconds",
];

/** Before the first report. */
export const nothing = Object.freeze({ known: new Map(), daemons: [], totals: null });

/** @param report the answer of /v1/daemons. */
export function advance(before, report) {
  const known = new Map();
  const daemons = report.daemons.map((daemon) => {
    const entry = observe(before.known.get(daemon.name), daemon);
    known.set(daemon.name, entry);
    return { ...daemon, rates: entry.rates };
  });
  markReplaced(daemons);
  daemons.sort((a, b) => a.role.localeCompare(b.role) || a.address.localeCompare(b.address) || a.name.localeCompare(b.name));
  return { known, daemons, totals: totals(daemons, report), partitions: report.partitions };
}

function observe(entry, daemon) {
  const seen = Date.parse(daemon.seen);
  if (entry && entry.seen === seen) return entry;
  const figures = daemon.figures ?? {};
  const rates = {};
  const time = entry ? (seen - entry.seen) / 1_000 : 0;
  for (const name of COUNTED) {
    if (time > 0 && name in figures && name in entry.figures) {
      rates[name] = Math.max(0, figures[name] - entry.figures[name]) / time;
    }
  }
  return { seen, figures, rates };
}

/** A daemon that fell silent is not missed if another one has taken its place. */
function markReplaced(daemons) {
  for (const daemon of daemons) {
    daemon.replaced = daemon.status === "silent" && daemons.some((other) =>
      other !== daemon && other.status !== "silent" && other.role === daemon.role && other.address === daemon.address);
  }
}

function totals(daemons, report) {
  const alive = daemons.filter((daemon) => daemon.status !== "silent");
  const rate = (name) => sum(alive.map((daemon) => daemon.rates[name]));
  const level = (name) => sum(alive.map((daemon) => daemon.figures?.[name]));
  const published = rate("lag_count");
  return {
    at: Date.parse(report.time),
    folded: rate("folded"),
    rejected: rate("rejected"),
    polls: rate("polls"),
    pushes: plus(rate("pushes"), rate("batches")),
    errors: rate("server_errors"),
    failures: rate("failures"),
    pending: level("pending"),
    followers: level("followers"),
    connections: level("connections"),
    applications: level("applications"),
    // Nobody waited, so nobody waited long.
    lag: published === null ? null : published > 0 ? (rate("lag_seconds") / published) * 1_000 : 0,
    load: alive.reduce((most, daemon) => Math.max(most, daemon.figures?.load ?? 0), 0),
  };
}

/** Null if nobody knows. */
function sum(values) {
  return values.reduce(plus, null);
}

function plus(a, b) {
  return a === null || a === undefined ? b ?? null : a + (b ?? 0);
}

/** The numbers of the partitions in which no daemon that is alive works. */
export function unledPartitions(daemons, count) {
  const led = new Set(daemons.filter((daemon) => daemon.status !== "silent").flatMap((daemon) => daemon.partitions ?? []));
  return Array.from({ length: count }, (_, number) => number).filter((number) => !led.has(number));
}
