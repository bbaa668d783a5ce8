// What the dashboard says of an operation.

import assert from "node:assert/strict";
import { test } from "node:test";
import { rowOf } from "../../../Sources/Pages/Web/dashboard/operationrow.js";

const now = Date.parse("2026-11-22T04:00:10Z");
const row = (more) => rowOf({ id: "e1", kind: "export", status: "running", attempt: 1, attempts: 3, updated_at: "2026-11-22T04:00:00Z", ...more }, now);

test("How far it is, as far as anybody knows", () => {
  for (const [progress, fraction, figures] of [
    [undefined, null, ""], [{ percent: 40 }, 0.4, "40 %"], [{ completed: 1, total: 4, message: "On it" }, 0.25, "1 of 4, On it"],
    [{ completed: 7 }, null, "7"], [{ completed: 9, total: 4 }, null, "9 of 4"],
  ]) {
    assert.deepEqual([row({ progress }).fraction, row({ progress }).figures], [fraction, figures]);
  }
  assert.equal(row({ status: "queued" }).isAtWork, false);
  assert.equal(row({ attempt: 2 }).figures, "attempt 2 of 3");
  assert.equal(row().age, 10);
});

test("What has gone wrong stands out and says why; what is over has no bar", () => {
  const dead = row({ status: "dead", error: { code: "lease-expired", message: "Not heard of" } });
  assert.deepEqual([dead.level, dead.reason, dead.isAtWork], ["bad", "Not heard of", false]);
  assert.equal(row({ status: "failed", error: { odd: 1 } }).reason, '{"odd":1}');
  assert.deepEqual([row({ status: "succeeded" }).level, row({ status: "cancelled" }).level, row({ status: "strange" }).level], ["good", "", ""]);
});
