// A TCP relay between a client and a server, to cut and to filter what goes through.

import { connect, createServer } from "node:net";
import { once } from "node:events";

export class Gate {
  #server = null;
  #sockets = new Set();
  #port = 0;
  #target;
  /** Connections whose first bytes match are cut. */
  refuses = null;
  /** Of requests that match, the server gets all and the client no answer, so often. */
  loses = null;
  timesToLose = 0;

  constructor(target) {
    this.#target = new URL(target);
  }

  get url() {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Lets clients through, again at the same port. */
  async open() {
    this.#server = createServer((client) => {
      const upstream = connect(Number(this.#target.port), this.#target.hostname);
      let isLost = false;
      for (const socket of [client, upstream]) {
        this.#sockets.add(socket);
        socket.on("error", () => {});
        socket.on("close", () => {
          this.#sockets.delete(socket);
          client.destroy();
          upstream.destroy();
        });
      }
      client.on("data", (bytes) => {
        const text = bytes.toString("latin1");
        if (this.refuses?.test(text)) return client.destroy();
        if (this.loses?.test(text) && this.timesToLose > 0) isLost = true;
        upstream.write(bytes);
      });
      upstream.on("data", (bytes) => {
        if (!isLost) return client.write(bytes);
        this.timesToLose -= 1;
        client.destroy();
      });
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = this.#server.address().port;
  }

  /** Cuts everybody off and lets nobody in. */
  async close() {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}
