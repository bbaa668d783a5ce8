// The JavaScript client and a server that asks for tokens.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { connect } from "../../../Sources/Pages/Web/cistern.js";
import { Server } from "./server.mjs";

const needsServer = { timeout: 60_000 };

let server;
before(async () => (server = await Server.started({ scope: "push:* poll:*" })));
after(() => server?.remove());

function joining(t, options) {
  const connection = connect({ url: server.url, app: `test-${crypto.randomUUID()}`, ...options });
  t.after(() => connection.close());
  return connection;
}

const until = (connection, condition) => new Promise((resolve) => {
  const look = () => condition(connection.status) && resolve();
  connection.on("status", look);
  look();
});

for (const way of ["socket", "events", "long", "short"]) {
  test(`A token opens the way, by ${way}`, needsServer, async (t) => {
    const a = joining(t, { ways: [way], token: server.token });
    assert.equal((await a.push({ a: 1 })).outcome, "applied");
    assert.equal(a.status.way, way);
    assert.deepEqual(a.state, { a: 1 });
  });

  test(`What is pushed without a token waits for one and says why, by ${way}`, needsServer, async (t) => {
    let given = "nonsense";
    const a = joining(t, { ways: [way], token: () => given });
    const pushed = a.push({ a: 1 });
    await until(a, ({ problem }) => problem?.type === "/problems/unauthenticated");
    assert.equal(a.status.pending, 1);
    given = server.token;
    await pushed;
    assert.deepEqual(a.state, { a: 1 });
  });
}
