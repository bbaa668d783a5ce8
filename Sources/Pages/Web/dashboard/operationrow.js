// What a row says of an operation. Pure.

const LEVELS = { queued: "waiting", running: "waiting", cancelling: "waiting", succeeded: "good", failed: "bad", dead: "bad", cancelled: "" };

/** `fraction` is from 0 to 1, null if nobody knows; `age` in seconds since it became what it is. */
export function rowOf({ id, kind, status, attempt, attempts, progress, error, updated_at: updated }, now) {
  const { percent, completed, total, message } = progress ?? {};
  const share = [percent / 100, completed / total].find((value) => value >= 0 && value <= 1);
  const isAtWork = status === "running" || status === "cancelling";
  const figures = [
    percent === undefined ? "" : `${percent} %`, completed === undefined ? "" : total === undefined ? `${completed}` : `${completed} of ${total}`, message ?? "",
    attempt > 1 ? `attempt ${attempt} of ${attempts}` : "",
  ];
  return {
    id, kind, status, isAtWork, level: LEVELS[status] ?? "", fraction: share ?? null,
    figures: figures.filter(Boolean).join(", "), age: Math.max(0, now - Date.parse(updated)) / 1_000,
    reason: error === undefined ? "" : typeof error.message === "string" ? error.message : JSON.stringify(error),
  };
}
