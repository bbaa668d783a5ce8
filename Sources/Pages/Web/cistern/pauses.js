// How long to wait before something is tried again. The core names bounds; whoever sets the timer picks a moment between them, so that
// clients that failed together do not come back together.

/** Milliseconds; the longest pause after a first failure. */
export const FIRST_PAUSE = 100;
/** Milliseconds; the longest pause after any failure. A server that comes back is found within half a minute. */
export const LONGEST_PAUSE = 30_000;

/** The bounds of the pause after so many failures in a row. What the server asks for (milliseconds) is never cut short. */
export function pause(failures, retryAfter = 0) {
  const longest = Math.min(FIRST_PAUSE * 2 ** Math.min(Math.max(failures - 1, 0), 20), LONGEST_PAUSE);
  return [retryAfter + longest / 2, retryAfter + longest];
}
