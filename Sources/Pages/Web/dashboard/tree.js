// A state as a tree of rows, of which only those are made that can be seen. Pure.

/** Members of one object or array that are shown before somebody asks for more. */
export const PORTION = 100;
/** Characters of a value in a row. */
const LONGEST = 160;
/** Values compared for one update; beyond it the rest goes unmarked. */
const MOST_COMPARED = 20_000;

export const isContainer = (value) => value !== null && typeof value === "object";
const isFilled = (value) => isContainer(value) && sizeOf(value) > 0;
const sizeOf = (value) => (Array.isArray(value) ? value.length : Object.keys(value).length);
const step = (name) => String(name).replaceAll("~", "~0").replaceAll("/", "~1");

/**
 * The rows that are to be seen, in order.
 *
 * @param open the pointers of what is unfolded.
 * @param portions by pointer, how many members are shown where it is not the usual number.
 */
export function rows(state, open, portions = new Map()) {
  const rows = [];
  add(rows, { pointer: "", name: null, depth: 0 }, state, open, portions);
  return rows;
}

function add(rows, place, value, open, portions) {
  const isOpen = isFilled(value) && open.has(place.pointer);
  rows.push({ ...place, kind: kindOf(value), text: summary(value), canOpen: isFilled(value), isOpen });
  if (!isOpen) return;
  const shown = portions.get(place.pointer) ?? PORTION;
  const names = Array.isArray(value) ? [...value.keys()] : Object.keys(value);
  for (const name of names.slice(0, shown)) {
    add(rows, { pointer: `${place.pointer}/${step(name)}`, name: String(name), depth: place.depth + 1 }, value[name], open, portions);
  }
  if (names.length > shown) {
    rows.push({
      pointer: `${place.pointer}/`, parent: place.pointer, name: null, depth: place.depth + 1, kind: "more",
      text: `${names.length - shown} more`, canOpen: false, isOpen: false,
    });
  }
}

function kindOf(value) {
  if (value === null) return "null";
  return Array.isArray(value) ? "array" : typeof value;
}

function summary(value) {
  if (Array.isArray(value)) return value.length ? `[ ${value.length} ]` : "[ ]";
  if (isContainer(value)) return isFilled(value) ? `{ ${sizeOf(value)} }` : "{ }";
  return shortened(JSON.stringify(value));
}

/** Any JSON in one line. */
export function compact(value) {
  return shortened(JSON.stringify(value) ?? "");
}

function shortened(text) {
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}

/** The pointers of what differs, with everything above it: a folded row tells that something in it has changed. */
export function changed(before, after) {
  const found = new Set();
  let left = MOST_COMPARED;
  const compare = (pointer, a, b) => {
    if (a === b || left <= 0) return false;
    left -= 1;
    if (!isContainer(a) || !isContainer(b) || Array.isArray(a) !== Array.isArray(b)) {
      found.add(pointer);
      return true;
    }
    let differs = sizeOf(a) !== sizeOf(b);
    for (const name of Object.keys(b)) {
      const isNew = !Object.hasOwn(a, name);
      if (isNew) found.add(`${pointer}/${step(name)}`);
      if (isNew || compare(`${pointer}/${step(name)}`, a[name], b[name])) differs = true;
    }
    if (differs) found.add(pointer);
    return differs;
  };
  compare("", before, after);
  return found;
}

/** Changes as they were known and as they are told now, newest first: what was seen of one while it stood in the log is kept. */
export function mergedChanges(known, told, limit = 100) {
  const byReceipt = new Map(known.map((change) => [change.receipt ?? change.position, change]));
  for (const change of told) {
    const key = change.receipt ?? change.position;
    byReceipt.set(key, { ...byReceipt.get(key), ...change });
  }
  const epoch = told.at(-1)?.epoch;
  return [...byReceipt.values()]
    .filter((change) => !epoch || !change.epoch || change.epoch === epoch)
    .sort((a, b) => b.position - a.position)
    .slice(0, limit);
}
