// A server of a test's own, by the program that the variable CISTERN names.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";

const program = process.env.CISTERN;

/** A whole Cistern with a folder and a port of its own, which it keeps when it is started again. */
export class Server {
  #process;
  #folder;
  #port;
  #options = [];
  /** What the server lets in, if it asks. */
  token;

  /** `scope`: what the token allows that it asks for; nobody is asked without. */
  static async started({ scope } = {}) {
    if (!program) throw new Error("CISTERN does not name the program, such as .build/debug/cistern");
    const server = new Server();
    server.#folder = await mkdtemp(join(tmpdir(), "cistern-js-"));
    server.#port = await freePort();
    if (scope) {
      const keys = join(server.#folder, "keys.json");
      const { stdout } = await promisify(execFile)(program, ["token", "api-key", "tester", "--scope", scope, "--keys", keys]);
      server.token = stdout.trim();
      server.#options = ["--keys", keys];
    }
    await server.start();
    return server;
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start() {
    this.#process = spawn(program, ["up", "--port", this.#port, "--data", this.#folder, ...this.#options], { stdio: ["ignore", "pipe", "pipe"] });
    let printed = "";
    for (const stream of [this.#process.stdout, this.#process.stderr]) stream.on("data", (bytes) => (printed += bytes));
    for (;;) {
      if (this.#process.exitCode !== null) throw new Error(`${program} ended with ${this.#process.exitCode}: ${printed}`);
      const answer = await fetch(`${this.url}/readyz`).catch(() => null);
      if (answer?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  async stop() {
    this.#process.kill("SIGTERM");
    await once(this.#process, "exit");
  }

  async remove() {
    await this.stop();
    await rm(this.#folder, { recursive: true, force: true });
  }
}

async function freePort() {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  return port;
}
