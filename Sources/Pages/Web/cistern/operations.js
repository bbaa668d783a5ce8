// Long-running operations: what is wanted goes out once, whatever happens on the way, and is followed to its end.
//
// A request is one attempt; what fails in passing is tried again after pauses that grow, until the signal ends it. That never does the work twice: it goes
// out under the same id each time.

import { failure, Server } from "./http.js";
import { pause } from "./pauses.js";
import { uuid } from "./tokens.js";

/** Seconds that a question waits at the server: below the minute after which proxies end silent requests. */
const WAIT = 50;
/** Milliseconds for one request, beside the time that it asks the server to wait. */
const REQUEST_TIMEOUT = 10_000;
/** Milliseconds until the next question to a server that did not wait, and does not say when to come. */
const USUAL_PAUSE = 1_000;
/** Statuses after which the same may succeed. */
const PASSING = new Set([408, 429, 500, 502, 503, 504]);
const OVER = new Set(["succeeded", "failed", "cancelled", "dead"]);

/** The server does not do what was asked for: `problem` is its reason (RFC 9457). */
export class OperationRefused extends Error {
  constructor(problem) {
    super(problem.detail ?? problem.title);
    this.name = "OperationRefused";
    this.problem = problem;
  }
}

/** An operation is over without a result: `operation` says how. */
export class OperationFailed extends Error {
  constructor(operation) {
    super(operation.error?.message ?? `The operation is ${operation.status}`);
    this.name = "OperationFailed";
    this.operation = operation;
  }
}

/** The operations of an application. Nothing is followed, and nothing has to be closed. */
export class Operations {
  #server;

  constructor({ url, pushURL, app, token, fetch }) {
    if (!url || !app) throw new TypeError("operations needs a url and an app");
    this.#server = new Server({ url, pushURL, app, token, fetch });
  }

  start(kind, input = null, { id = uuid(), attempts, priority, notBefore, deadlines, publish, signal } = {}) {
    if (JSON.stringify(input) === undefined) throw new TypeError("An input has to be a JSON value");
    const { start: start_s, attempt: attempt_s, total: total_s } = deadlines ?? {};
    const limits = deadlines && { start_s, attempt_s, total_s };
    const text = JSON.stringify({ kind, input, attempts, priority, not_before: notBefore, deadlines: limits, publish });
    const operation = new LongOperation(this.#server, id);
    operation.begin(text, signal);
    return operation;
  }

  get(id) {
    return new LongOperation(this.#server, id);
  }

  async *list({ status, kind, signal } = {}) {
    const query = new URLSearchParams();
    if (status !== undefined) query.set("status", status);
    if (kind !== undefined) query.set("kind", kind);
    let url = `${this.#server.pushURL}/operations${query.size > 0 ? `?${query}` : ""}`;
    while (url !== null) {
      const response = await patiently(this.#server, url, { signal });
      if (response.status !== 200) throw await refusal(response);
      yield* (await response.json()).operations;
      url = nextPage(response, url);
    }
  }
}

class LongOperation {
  #server;
  #url;
  id;
  /** Fulfilled with the document when the server has it for good. */
  started = Promise.resolve();

  constructor(server, id) {
    this.#server = server;
    this.id = id;
    this.#url = `${server.pushURL}/operations/${encodeURIComponent(id)}`;
  }

  begin(body, signal) {
    this.started = this.#ask("", { method: "PUT", headers: { "Content-Type": "application/json" }, body, signal });
    // Who does not look at it hears of it from everything else.
    this.started.catch(() => {});
  }

  async status({ signal } = {}) {
    await this.started;
    return await this.#ask("?redirect=never", { signal });
  }

  async *news({ signal } = {}) {
    await this.started;
    let tag = null;
    for (;;) {
      const headers = tag === null ? {} : { "If-None-Match": tag, Prefer: `wait=${WAIT}` };
      const response = await patiently(this.#server, `${this.#url}?redirect=never`, { headers, signal, wait: tag === null ? 0 : WAIT });
      if (response.status === 304) {
        // As many wait as may, or somebody on the way takes the wait out of requests.
        if (!response.headers.has("Preference-Applied")) await rest(retryAfter(response) || USUAL_PAUSE, signal);
        continue;
      }
      if (response.status !== 200) throw await refusal(response);
      tag = response.headers.get("ETag");
      const operation = await response.json();
      yield operation;
      if (OVER.has(operation.status)) return;
    }
  }

  [Symbol.asyncIterator]() {
    return this.news();
  }

  async result({ signal, onProgress } = {}) {
    let last;
    for await (last of this.news({ signal })) onProgress?.(last);
    if (last.status !== "succeeded") throw new OperationFailed(last);
    const response = await patiently(this.#server, `${this.#url}/result`, { signal });
    if (response.status !== 200) throw await refusal(response);
    return response;
  }

  async cancel({ signal } = {}) {
    await this.started;
    return await this.#ask(":cancel", { method: "POST", signal });
  }

  async retry({ signal } = {}) {
    await this.started;
    const response = await patiently(this.#server, `${this.#url}:retry`, { method: "POST", signal });
    // An attempt before this one may have done it, without its answer coming through.
    if (response.status === 409 && response.isRepeat) return await this.status({ signal });
    if (!response.ok) throw await refusal(response);
    return await response.json();
  }

  async delete({ signal } = {}) {
    await this.started;
    return await this.#ask("", { method: "DELETE", signal });
  }

  /** The document that answers; null for an answer without one. */
  async #ask(suffix, request) {
    const response = await patiently(this.#server, this.#url + suffix, request);
    if (!response.ok) throw await refusal(response);
    return response.status === 204 ? null : await response.json();
  }
}

/** Tries until there is an answer that does not pass. Rejected with the signal's reason when that ends it. */
async function patiently(server, url, { signal, wait = 0, ...request } = {}) {
  const timeout = REQUEST_TIMEOUT + wait * 1_000;
  for (let failures = 1; ; failures += 1) {
    signal?.throwIfAborted();
    let asked = 0;
    try {
      const response = await server.request(url, { ...request, signal, timeout });
      // A token that has expired is followed by another, if a function gives it.
      const isPassing = PASSING.has(response.status) || (response.status === 401 && typeof server.token === "function" && failures < 2);
      if (!isPassing) return Object.assign(response, { isRepeat: failures > 1 });
      asked = retryAfter(response);
      await response.body?.cancel();
    } catch {
      signal?.throwIfAborted();
    }
    const [least, most] = pause(failures, asked);
    await rest(least + (most - least) * Math.random(), signal);
  }
}

function rest(time, signal) {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, time);
    signal?.addEventListener("abort", stop, { once: true });
  });
}

/** Milliseconds; 0 if it does not say. */
function retryAfter(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  return seconds > 0 ? seconds * 1_000 : 0;
}

async function refusal(response) {
  return new OperationRefused((await failure(response)).problem);
}

/** Where the next page is (RFC 8288), of the same server; null behind the last one. */
function nextPage(response, url) {
  const [, target] = /<([^>]*)>\s*;\s*rel="?next"?/.exec(response.headers.get("Link") ?? "") ?? [];
  if (target === undefined) return null;
  const next = new URL(target, url);
  if (next.origin !== new URL(url).origin) throw new OperationRefused({ title: "The next page is elsewhere" });
  return next.href;
}
