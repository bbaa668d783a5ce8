// Figures as people read them: three digits that count, and a unit. Pure.

const BINARY = ["B", "KiB", "MiB", "GiB", "TiB"];

/** 0, 0.34, 3.4, 34, 340, 3,400, 34.0k. */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size === 0) return "0";
  if (size < 1) return trimmed(value, size < 0.1 ? 2 : 1) === "0" ? "<0.01" : trimmed(value, size < 0.1 ? 2 : 1);
  if (size < 10) return trimmed(value, 1);
  if (size < 10_000) return grouped(Math.round(value));
  if (size < 999_500) return `${trimmed(value / 1e3, size < 99_950 ? 1 : 0)}k`;
  return `${trimmed(value / 1e6, size < 9.995e7 ? 1 : 0)}M`;
}

/** All digits: for positions. */
export function whole(value) {
  return Number.isFinite(value) ? grouped(Math.round(value)) : "–";
}

export function bytes(value) {
  if (!Number.isFinite(value)) return "–";
  let unit = 0;
  while (value >= 1_000 && unit < BINARY.length - 1) {
    value /= 1_024;
    unit += 1;
  }
  return `${unit === 0 ? value : trimmed(value, value < 10 ? 1 : 0)} ${BINARY[unit]}`;
}

export function milliseconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value < 10) return `${trimmed(value, 1)} ms`;
  return value < 1_000 ? `${Math.round(value)} ms` : seconds(value / 1_000);
}

/** Of spans of time: 0.4 s, 12 s, 3 min, 2 h, 5 d. */
export function seconds(value) {
  if (!Number.isFinite(value)) return "–";
  if (value < 10) return `${trimmed(Math.max(value, 0), 1)} s`;
  if (value < 120) return `${Math.round(value)} s`;
  if (value < 7_200) return `${Math.round(value / 60)} min`;
  if (value < 172_800) return `${Math.round(value / 3_600)} h`;
  return `${Math.round(value / 86_400)} d`;
}

export function share(value) {
  return Number.isFinite(value) ? `${Math.round(value * 100)}\u00a0%` : "–";
}

/** Numbers of partitions, runs of them in short: 0–31, 40. */
export function ranges(numbers) {
  const runs = [];
  for (const number of numbers) {
    const last = runs.at(-1);
    if (last && last[1] === number - 1) last[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(", ");
}

/** The time of day of an instant, in the reader's zone. */
export function clock(time) {
  const date = new Date(time);
  const two = (part) => String(part).padStart(2, "0");
  return Number.isNaN(date.getTime()) ? "" : `${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

function trimmed(value, digits) {
  return String(Number(value.toFixed(digits)));
}

function grouped(value) {
  return String(value).replace(/\B(?=(\d{3})+$)/g, ",");
}
