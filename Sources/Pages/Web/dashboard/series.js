// Figures over the last minutes, and what is drawn of them. Pure.

/** Milliseconds that are shown. */
export const WINDOW = 300_000;
/** Where nothing came for this long, nothing is drawn: two reports and a half. */
const GAP = 7_000;

/** The points with one more, without those that have left the window. A value that is not known leaves a gap. */
export function extended(points, at, value) {
  const last = points.at(-1);
  if (value === null || !Number.isFinite(value) || (last && at <= last.at)) return points;
  return [...points.filter((point) => point.at > at - WINDOW - GAP), { at, value }];
}

/** The least of 1, 2 and 5 times a power of ten that is no less than any of the points, and than `least`. */
export function top(lists, least = 1) {
  const most = lists.flat().reduce((max, point) => Math.max(max, point.value), least);
  const power = 10 ** Math.floor(Math.log10(most));
  return [1, 2, 5, 10].map((factor) => factor * power).find((bound) => bound >= most * 0.999) ?? 10 * power;
}

/** Lines through the points in a box, a line for each run without a gap: arrays of [x, y], y downwards. */
export function runs(points, { now, width, height, top }) {
  const runs = [];
  let last = null;
  for (const point of points) {
    if (point.at < now - WINDOW - GAP) continue;
    const place = [
      Number((width * (1 - (now - point.at) / WINDOW)).toFixed(1)),
      Number((height * (1 - Math.min(point.value, top) / top)).toFixed(1)),
    ];
    if (last && point.at - last.at <= GAP) runs.at(-1).push(place);
    else runs.push([place]);
    last = point;
  }
  return runs;
}

/** A path for SVG. A point alone is a short stroke, so that it is seen. */
export function line(runs) {
  return runs.map((run) => {
    const [[x, y], ...rest] = run;
    return `M${x} ${y}` + (rest.length ? rest.map(([x, y]) => `L${x} ${y}`).join("") : "h1");
  }).join("");
}

/** What lies under the line. */
export function area(runs, height) {
  return runs.filter((run) => run.length > 1).map((run) =>
    `M${run[0][0]} ${height}${run.map(([x, y]) => `L${x} ${y}`).join("")}L${run.at(-1)[0]} ${height}Z`).join("");
}

/** The point nearest to a time; null if there is none near. */
export function nearest(points, at) {
  let best = null;
  for (const point of points) if (!best || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  return best && Math.abs(best.at - at) <= GAP ? best : null;
}
