// A picture of the board that somebody has asked for: how it stands, as its operation is published in the state. Anybody may push anything there.

/** Where in the state. */
export const PLACE = "/picture";
/** What workers claim it by. */
export const KIND = "board-picture";

const WORDS = {
  queued: "A picture of this board is asked for", running: "A picture of this board is being drawn", cancelling: "The picture is being taken back",
  succeeded: "A picture of this board is ready", failed: "The picture could not be drawn", cancelled: "Nobody wants the picture any more",
  dead: "The picture could not be drawn",
};

/**
 * Null if there is none. `fraction` is from 0 to 1, null if nobody knows; `id` is of the operation that has the picture, undefined as long as there
 * is none.
 */
export function pictureOf(state, app) {
  const { status, progress, result, error } = membersOf(membersOf(state).picture);
  if (!Object.hasOwn(WORDS, status)) return null;
  const { percent, completed, total, message } = membersOf(progress);
  const shares = [percent / 100, completed / total].filter((share) => share >= 0 && share <= 1);
  const isUnderWay = status === "queued" || status === "running" || status === "cancelling";
  const says = isUnderWay ? message : membersOf(error).message;
  return {
    status, isUnderWay, fraction: status === "succeeded" ? 1 : shares[0] ?? null,
    text: typeof says === "string" ? `${WORDS[status]}: ${says}` : WORDS[status] + (isUnderWay ? " …" : "."),
    id: status === "succeeded" ? idOf(membersOf(result).href, app) : undefined,
  };
}

/** Of a result of this application, nothing else: the address is anybody's. */
function idOf(href, app) {
  const [, name, id] = /^\/v1\/apps\/([A-Za-z0-9._~-]+)\/operations\/([A-Za-z0-9][A-Za-z0-9._~-]*)\/result$/.exec(href) ?? [];
  return name === app ? id : undefined;
}

const membersOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});
