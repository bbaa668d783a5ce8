// Where somebody's cursor is on a board that looks different in each window: relative to the smallest thing that it is over.

/** Digits behind the point: a thousandth of a card is less than a pixel. */
const PRECISION = 1_000;

/** `rects`: `{at, left, top, width, height}`, the smallest things first. Null beside all of them. */
export function anchorOf(x, y, rects) {
  const rect = rects.find(({ left, top, width, height }) => x >= left && x <= left + width && y >= top && y <= top + height);
  if (!rect || rect.width === 0 || rect.height === 0) return null;
  const round = (value) => Math.round(value * PRECISION) / PRECISION;
  return { at: rect.at, x: round((x - rect.left) / rect.width), y: round((y - rect.top) / rect.height) };
}

/** The point in this window; null if the thing is not here, or what came is no cursor. */
export function pointOf(cursor, rects) {
  if (!isCursor(cursor)) return null;
  const rect = rects.find(({ at }) => at === cursor.at);
  return rect ? { x: rect.left + cursor.x * rect.width, y: rect.top + cursor.y * rect.height } : null;
}

const isShare = (value) => typeof value === "number" && value >= 0 && value <= 1;

const isCursor = (value) => typeof value?.at === "string" && isShare(value.x) && isShare(value.y);

/** Those who are to be seen: points in the window, names turned to the left where there is no room on the right. */
export function placeCursors(people, rects, { width, height }, nameWidth = 120) {
  return people.flatMap(({ id, name, hue, cursor }) => {
    const point = pointOf(cursor, rects);
    if (point === null || point.x < 0 || point.y < 0 || point.x > width || point.y > height) return [];
    return [{ id, name, hue, ...point, isTurned: point.x > width - nameWidth }];
  });
}
