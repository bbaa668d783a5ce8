// Changes and deltas applied to JSON values: merge patch (RFC 7396), JSON Patch (RFC 6902) and Cistern's operations.
//
// Nothing is altered in place: what a patch does not touch is shared by the old value and the new one, so a subscriber can compare parts by
// identity. A patch applies whole or throws `PatchFailure`, with the slug of the problem that the server would name.
//
// Deltas from the server give what the server has. For changes of one's own the result is a preview: numbers are doubles, the time is
// this machine's, and limits on size and work are the server's to enforce.

import { sum } from "./decimal.js";

export class PatchFailure extends Error {
  constructor(slug, pointer) {
    super(`${slug} at “${pointer}”`);
    this.slug = slug;
    this.pointer = pointer;
  }
}

export const MERGE_PATCH = "application/merge-patch+json";
export const JSON_PATCH = "application/json-patch+json";
export const CISTERN_PATCH = "application/vnd.cistern.patch+json";

/** Applies a change of any of the three media types. */
export function apply(state, type, patch, now = Date.now()) {
  return type === MERGE_PATCH ? mergePatch(state, patch) : jsonPatch(state, patch, now);
}

/** The media type of a patch as a caller gives it: an array holds operations, anything else is a merge patch. */
export function typeOf(patch) {
  return Array.isArray(patch) ? CISTERN_PATCH : MERGE_PATCH;
}

// Merge patch

export function mergePatch(target, patch) {
  if (!isObject(patch)) return patch;
  const result = isObject(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete result[name];
    else define(result, name, mergePatch(own(result, name), value));
  }
  return result;
}

// JSON Patch

export function jsonPatch(state, operations, now = Date.now()) {
  return operations.reduce((value, operation) => operate(value, operation, now), state);
}

function operate(state, operation, now) {
  const { op, path, value } = operation;
  const steps = pointer(path);
  switch (op) {
    case "add": return put(state, steps, path, value);
    case "remove": return remove(state, steps, path);
    case "replace": return update(state, steps, path, () => value);
    case "move": {
      if (path.startsWith(operation.from + "/")) throw new PatchFailure("invalid-patch", operation.from);
      const moved = find(state, pointer(operation.from), operation.from);
      if (path === operation.from) return state;
      return put(remove(state, pointer(operation.from), operation.from), steps, path, moved);
    }
    case "copy": return put(state, steps, path, find(state, pointer(operation.from), operation.from));
    case "test":
      if (!equal(find(state, steps, path), value)) throw new PatchFailure("test-failed", path);
      return state;
    case "increment": return combine(state, steps, path, value, sum);
    case "min": return combine(state, steps, path, value, Math.min);
    case "max": return combine(state, steps, path, value, Math.max);
    case "union": return unite(state, steps, path, value);
    case "subtract": return subtract(state, steps, path, value);
    case "timestamp": return set(state, steps, path, new Date(now).toISOString());
    default: throw new PatchFailure("invalid-patch", path);
  }
}

function combine(state, steps, path, operand, combination) {
  const present = lookUp(state, steps);
  if (present === undefined) return set(state, steps, path, operand);
  if (typeof present !== "number") throw new PatchFailure("not-a-number", path);
  return set(state, steps, path, combination(present, operand));
}

function unite(state, steps, path, elements) {
  const present = lookUp(state, steps) ?? [];
  if (!Array.isArray(present)) throw new PatchFailure("not-an-array", path);
  const result = [...present];
  for (const element of elements) {
    if (!result.some((other) => equal(other, element))) result.push(element);
  }
  return set(state, steps, path, result);
}

function subtract(state, steps, path, elements) {
  const present = lookUp(state, steps);
  if (present === undefined) return state;
  if (!Array.isArray(present)) throw new PatchFailure("not-an-array", path);
  return set(state, steps, path, present.filter((element) => !elements.some((other) => equal(other, element))));
}

// Pointers (RFC 6901)

function pointer(text) {
  if (text === "") return [];
  return text.slice(1).split("/").map((step) => step.replaceAll("~1", "/").replaceAll("~0", "~"));
}

const INDEX = /^(0|[1-9][0-9]*)$/;

/** The value there; undefined, which JSON does not have, if there is none. */
function lookUp(value, steps) {
  for (const step of steps) {
    if (Array.isArray(value)) value = INDEX.test(step) ? value[Number(step)] : undefined;
    else if (isObject(value)) value = own(value, step);
    else return undefined;
    if (value === undefined) return undefined;
  }
  return value;
}

function find(state, steps, path) {
  const value = lookUp(state, steps);
  if (value === undefined) throw new PatchFailure("path-not-found", path);
  return value;
}

/** A copy of the value with its container at the pointer's last step altered by `alter(container, step)`. */
function within(value, steps, path, alter) {
  if (!Array.isArray(value) && !isObject(value)) throw new PatchFailure("path-not-found", path);
  const [step, ...rest] = steps;
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length === 0) {
    alter(copy, step);
  } else {
    const inner = lookUp(value, [step]);
    if (inner === undefined) throw new PatchFailure("path-not-found", path);
    define(copy, step, within(inner, rest, path, alter));
  }
  return copy;
}

/** `add`: inserts into arrays, sets members. */
function put(state, steps, path, value) {
  if (steps.length === 0) return value;
  return within(state, steps, path, (container, step) => {
    if (!Array.isArray(container)) return define(container, step, value);
    const index = step === "-" ? container.length : INDEX.test(step) ? Number(step) : Infinity;
    if (index > container.length) throw new PatchFailure("path-not-found", path);
    container.splice(index, 0, value);
  });
}

/** Replaces what is there, or adds it. */
function set(state, steps, path, value) {
  return lookUp(state, steps) === undefined ? put(state, steps, path, value) : update(state, steps, path, () => value);
}

function update(state, steps, path, change) {
  const present = find(state, steps, path);
  if (steps.length === 0) return change(present);
  return within(state, steps, path, (container, step) => define(container, step, change(present)));
}

function remove(state, steps, path) {
  find(state, steps, path);
  if (steps.length === 0) return null;
  return within(state, steps, path, (container, step) => {
    if (Array.isArray(container)) container.splice(Number(step), 1);
    else delete container[step];
  });
}

// Values

function isObject(value) {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function own(object, name) {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** Plain assignment would make a member named `__proto__` the object's prototype. */
function define(container, name, value) {
  if (name === "__proto__") {
    Object.defineProperty(container, name, { value, enumerable: true, configurable: true, writable: true });
  } else {
    container[name] = value;
  }
}

/** Equality by JSON value: the order of members does not matter. */
export function equal(a, b) {
  if (a === b) return true;
  if (Array.isArray(a)) return Array.isArray(b) && a.length === b.length && a.every((value, index) => equal(value, b[index]));
  if (!isObject(a) || !isObject(b)) return false;
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => Object.hasOwn(b, name) && equal(a[name], b[name]));
}
