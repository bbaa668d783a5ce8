// The figures of the panel: how long changes take from push to poll, and how many bytes that costs.

/** Values of a plot. */
const MOST_VALUES = 60;

/**
 * How long changes are pending. They are confirmed in their order, so the first moments that are known belong to the first that go.
 * What was pushed before this page began, or without a server at hand, has no time worth telling.
 */
export class Roundtrips {
  #moments = [];

  /** Called before the change is pushed. */
  pushed(now, isLive) {
    this.#moments.push(isLive ? now : null);
  }

  /** So many are pending now; gives the milliseconds of those that went. */
  pending(count, now) {
    while (this.#moments.length < count) this.#moments.unshift(null);
    const gone = this.#moments.splice(0, this.#moments.length - count);
    return gone.filter((moment) => moment !== null).map((moment) => now - moment);
  }

  /** The connection has gone: what is pending will tell nothing. */
  interrupted() {
    this.#moments = this.#moments.map(() => null);
  }
}

/** The latest values of a figure. */
export class Series {
  values = [];

  add(value) {
    this.values = [...this.values.slice(1 - MOST_VALUES), value];
  }

  get last() {
    return this.values.at(-1) ?? null;
  }

  get median() {
    if (this.values.length === 0) return null;
    return [...this.values].sort((a, b) => a - b)[this.values.length >> 1];
  }
}

/** Bars of a plot, from the right, newest last: `{x, y, width, height}`. The scale leaves one slow value from hiding all others. */
export function bars(values, { width, height, gap = 1 }) {
  const sorted = [...values].sort((a, b) => a - b);
  const usual = sorted[Math.floor((sorted.length - 1) * 0.9)] ?? 0;
  const top = Math.max(usual * 1.25, 1e-9);
  const step = width / MOST_VALUES;
  return values.map((value, at) => {
    const tall = Math.max(1.5, Math.min(value / top, 1) * height);
    return { x: width - (values.length - at) * step, y: height - tall, width: step - gap, height: tall, isCut: value > top };
  });
}

export function milliseconds(value) {
  if (value === null) return "–";
  if (value >= 10_000) return `${Math.round(value / 1_000)} s`;
  return value >= 10 ? `${Math.round(value)} ms` : `${value.toFixed(1)} ms`;
}

export function bytes(value) {
  if (value === null) return "–";
  if (value < 1_000) return `${value} B`;
  return value < 1_000_000 ? `${(value / 1_000).toFixed(1)} kB` : `${(value / 1_000_000).toFixed(1)} MB`;
}

/** A version or position in its two parts. */
export function tokenParts(token) {
  const at = token?.lastIndexOf("-") ?? -1;
  return at < 0 ? { epoch: null, number: null } : { epoch: token.slice(0, at), number: Number(token.slice(at + 1)) };
}
