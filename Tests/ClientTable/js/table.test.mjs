// Runs the table that all clients follow (see README.md) against the core of the JavaScript client.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { initial, statusOf, step } from "../../../Sources/Pages/Web/cistern/core.js";
import { apply } from "../../../Sources/Pages/Web/cistern/patch.js";

const folder = new URL("../", import.meta.url);
/** The moment at which patches of the table are applied. */
const NOW = Date.parse("2026-01-02T03:04:05.678Z");

for (const file of readdirSync(folder).filter((name) => name.endsWith(".json")).sort()) {
  const table = JSON.parse(readFileSync(new URL(file, folder), "utf8"));
  describe(file, () => {
    for (const row of table) test(row.name, () => ("events" in row ? behaves(row) : patches(row)));
  });
}

function behaves({ given, events, expect }) {
  assert.equal(expect.length, events.length, "one expectation for each event");
  let state = initial(given);
  events.forEach((event, index) => {
    const old = JSON.stringify(state);
    const result = step(state, event);
    assert.equal(JSON.stringify(state), old, "a step alters nothing of the state before it");
    state = result.state;
    const wanted = expect[index] ?? {};
    const place = `event ${index} (${event.type}): `;
    const told = JSON.stringify(result.actions);
    if (wanted.actions) {
      assert.equal(result.actions.length, wanted.actions.length, `${place}other actions: ${told}`);
      wanted.actions.forEach((action, at) => assert.ok(contains(result.actions[at], action), `${place}action ${at} of ${told}`));
    }
    for (const action of wanted.among ?? []) {
      assert.ok(result.actions.some((other) => contains(other, action)), `${place}${JSON.stringify(action)} among ${told}`);
    }
    for (const action of wanted.without ?? []) {
      assert.ok(!result.actions.some((other) => contains(other, action)), `${place}${JSON.stringify(action)} not among ${told}`);
    }
    if ("view" in wanted) assert.deepEqual(state.view ?? null, wanted.view, `${place}view`);
    if (wanted.pending) assert.deepEqual(state.queue.items.map(written), wanted.pending, `${place}pending`);
    if (wanted.status) assert.ok(contains(statusOf(state), wanted.status), `${place}status ${JSON.stringify(statusOf(state))}`);
    if (wanted.clients) assert.deepEqual(state.presence.clients, wanted.clients, `${place}clients`);
  });
}

const written = (item) => `${item.client}~${item.number} ${item.stage}`;

function patches({ state, type, change, result, failure }) {
  const old = JSON.stringify(state);
  if (failure !== undefined) assert.throws(() => apply(state, type, change, NOW), { slug: failure });
  else assert.deepEqual(apply(state, type, change, NOW), result);
  assert.equal(JSON.stringify(state), old, "a patch alters nothing in place");
}

/** Whether everything that is named is there; lists have to be as long. */
function contains(value, part) {
  if (Array.isArray(part)) {
    return Array.isArray(value) && value.length === part.length && part.every((element, at) => contains(value[at], element));
  }
  if (typeof part !== "object" || part === null) return Object.is(value, part);
  return typeof value === "object" && value !== null && Object.entries(part).every(([name, inner]) => contains(value[name], inner));
}
