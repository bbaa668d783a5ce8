// Who is here: what windows say about themselves, and names for those who have not given theirs.

const KINDS = ["Quiet", "Quick", "Amber", "Mossy", "Silver", "Sunny", "Velvet", "Misty", "Copper", "Merry"];
const ANIMALS = ["Otter", "Heron", "Lynx", "Wren", "Newt", "Beaver", "Marten", "Kingfisher", "Trout", "Dragonfly"];
const PLACES = ["pond", "spring", "well", "brook", "lagoon", "delta", "harbour", "weir", "fountain", "cove"];

/** Degrees of the colour circle, far enough apart, and away from the page's own blue. */
export const HUES = [12, 40, 75, 135, 165, 285, 315, 345];
/** Characters of a name that are shown to others. */
export const LONGEST_NAME = 24;

const pick = (list, random) => list[Math.floor(random() * list.length)];

export const newPerson = (random = Math.random) => ({ name: `${pick(KINDS, random)} ${pick(ANIMALS, random)}`, hue: pick(HUES, random) });

export const newBoardName = (random = Math.random) =>
  `${pick(KINDS, random)}-${pick(PLACES, random)}-${10 + Math.floor(random() * 90)}`.toLowerCase();

/** The board's name in the page's address; what cannot be part of an application's name is taken out. */
export function boardNameOf(hash) {
  let text = hash.replace(/^#/, "");
  try {
    text = decodeURIComponent(text);
  } catch {
    // Not encoded: as it is.
  }
  return text.toLowerCase().replace(/[^a-z0-9._~-]+/g, "-").replace(/^-+|-+$/g, "").slice(0, 60) || "shared";
}

/** A card in somebody's hand, and where: as `withLifted` takes it. */
function liftedOf(value) {
  const { id, column, before = null } = value ?? {};
  return typeof id === "string" && typeof column === "string" ? { id, column, before } : null;
}

/** What others say of themselves is theirs to choose: only what has the right form is shown. */
export function peopleOf(clients, me) {
  return Object.entries(clients).flatMap(([id, { value }]) => {
    if (id === me || typeof value?.name !== "string") return [];
    const { name, hue, cursor, holds, edits, away } = value;
    return [{
      id, name: name.slice(0, LONGEST_NAME) || "Somebody", hue: Number.isFinite(hue) ? hue : HUES[0], cursor: cursor ?? null,
      holds: liftedOf(holds), edits: typeof edits === "string" ? edits : null, isAway: away === true,
    }];
  });
}

/** One or two letters for a small round picture. */
export function initialsOf(name) {
  const words = name.trim().split(/\s+/);
  const letters = [words[0], words.length > 1 ? words.at(-1) : ""].map((word) => Array.from(word)[0] ?? "");
  return letters.join("").toUpperCase();
}
