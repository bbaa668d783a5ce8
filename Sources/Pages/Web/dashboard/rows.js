// The rows of the table of applications: the busiest as the daemons have told, and others by name. Pure.

export const MEASURES = ["rate", "pending", "lag", "bytes", "polls", "followers"];

/**
 * One list out of what is known.
 *
 * @param busiest elements of /v1/apps?sort=, by the chosen measure.
 * @param listed elements of /v1/apps by name, each with the rate that `positionRates` gave it.
 */
export function busiestRows(busiest, listed) {
  const rows = busiest.map((app) => ({ ...app }));
  const known = new Set(rows.map((row) => row.app));
  for (const app of listed) if (!known.has(app.app)) rows.push(idle(app));
  return rows;
}

/** By name, with what is known of those that are among the busiest. */
export function namedRows(listed, busiest) {
  const active = new Map(busiest.map((app) => [app.app, app]));
  return listed.map((app) => ({ ...idle(app), ...active.get(app.app), pending: app.pending, bytes: app.bytes }));
}

function idle({ app, rate, pending, bytes }) {
  return { app, rate, pending, bytes, lag: null, polls: null, followers: null };
}

/**
 * How many changes a second each application has got between two looks at the same list.
 *
 * @param before what this gave the last time: positions by application.
 * @returns the applications with `rate`, null where only one look is known, and the positions for the next time.
 */
export function positionRates(before, apps, now) {
  const positions = new Map();
  const rated = apps.map((app) => {
    const last = before.get(app.app);
    positions.set(app.app, { epoch: app.epoch, tail: app.tail, at: now });
    const time = last && last.epoch === app.epoch ? (now - last.at) / 1_000 : 0;
    return { ...app, rate: time > 0 ? Math.max(0, app.tail - last.tail) / time : null };
  });
  return { rated, positions };
}

/** Rows in the order in which they stood, new ones at the end: while somebody aims at a row, it has to stay where it is. */
export function inOrder(rows, names) {
  const place = new Map(names.map((name, index) => [name, index]));
  const known = rows.filter((row) => place.has(row.app)).sort((a, b) => place.get(a.app) - place.get(b.app));
  return [...known, ...rows.filter((row) => !place.has(row.app))];
}
