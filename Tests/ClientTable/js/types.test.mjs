// The types in cistern.d.ts: a program that uses all of them is checked by the compiler, and what they promise is there.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { test } from "node:test";
import * as client from "../../../Sources/Pages/Web/cistern.js";

test("A program that uses all of the API has the types it expects, and mistakes are found", () => {
  const file = fileURLToPath(new URL("types.ts", import.meta.url));
  const { stdout, status, error } = spawnSync("tsc", ["--noEmit", "--strict", "--target", "es2022", "--module", "es2022", "--moduleResolution", "node", file]);
  assert.ifError(error);
  assert.equal(stdout.toString(), "");
  assert.equal(status, 0);
});

test("What has types is there, and what is there has types", () => {
  // The names that types.ts imports as values.
  assert.deepEqual(Object.keys(client).sort(), ["BrowserStorage", "ChangeRejected", "ConnectionClosed", "MemoryStorage", "OperationFailed", "OperationRefused", "apply", "connect", "operations"]);
  const jobs = client.operations({ url: "http://127.0.0.1:1", app: "board" });
  for (const name of ["start", "get", "list"]) assert.equal(typeof jobs[name], "function", name);
  const job = jobs.get("e1");
  for (const name of ["status", "news", "result", "cancel", "retry", "delete", Symbol.asyncIterator]) assert.equal(typeof job[name], "function", String(name));
  const connection = client.connect({ url: "http://127.0.0.1:1", app: "board" });
  for (const name of ["subscribe", "on", "push", "close"]) assert.equal(typeof connection[name], "function", name);
  for (const name of ["set", "get", "subscribe"]) assert.equal(typeof connection.presence[name], "function", name);
  assert.equal(connection.isOffline, false);
  assert.deepEqual(Object.keys(connection.status).sort(), ["exists", "isDurable", "pending", "phase", "position", "problem", "version", "way"]);
  return connection.close();
});
