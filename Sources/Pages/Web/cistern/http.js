// Requests, and the events that their answers are. One attempt each: the core decides about the next.

import { eventReader } from "./sse.js";

/** Milliseconds for one request, beside the time that it asks the server to wait. */
const REQUEST_TIMEOUT = 10_000;
/** Milliseconds for a push: a batch may have megabytes, and a client may have a slow uplink. */
const PUSH_TIMEOUT = 60_000;
/** Seconds that a question for a position waits at the server. */
const SETTLE_WAIT = 5;
/** Seconds that a question for an outcome waits at the server: it is asked when the change is folded already. */
const OUTCOME_WAIT = 2;
const JSON_BODY = { "Content-Type": "application/json" };

export class Server {
  /** `token`: a string, or a function that gives one, also later. */
  constructor({ url, pushURL, app, token, presence, fetch }) {
    const path = `/v1/apps/${encodeURIComponent(app)}`;
    this.pollURL = url.replace(/\/$/, "") + path;
    this.pushURL = (pushURL ?? url).replace(/\/$/, "") + path;
    this.token = token;
    this.name = presence;
    // Not as a method: browsers want theirs called without an object.
    this.fetch = (...request) => (fetch ?? globalThis.fetch)(...request);
  }

  async credential() {
    return typeof this.token === "function" ? await this.token() : this.token;
  }

  async request(url, { headers = {}, timeout = REQUEST_TIMEOUT, signal, ...rest } = {}) {
    const token = await this.credential();
    if (token) headers = { ...headers, Authorization: `Bearer ${token}` };
    const limit = timeout === null ? [] : [AbortSignal.timeout(timeout)];
    return await this.fetch(url, { ...rest, headers, cache: "no-store", signal: AbortSignal.any([...limit, ...(signal ? [signal] : [])]) });
  }

  // Pushing

  async push(changes) {
    return await failingAs("push-failed", {}, async () => {
      const response = await this.request(`${this.pushURL}/changes`, {
        method: "PUT", headers: JSON_BODY, body: JSON.stringify(changes), timeout: PUSH_TIMEOUT,
      });
      if (response.status !== 200) return await failure(response);
      return { type: "pushed", results: await response.json() };
    });
  }

  async outcome(id) {
    return await failingAs("ask-failed", { id }, async () => {
      const response = await this.request(`${this.pushURL}/changes/${id}`, {
        headers: { Prefer: `wait=${OUTCOME_WAIT}` }, timeout: REQUEST_TIMEOUT + OUTCOME_WAIT * 1_000,
      });
      // Not remembered: folded, and nobody can say how.
      if (response.status === 404 || response.status === 410) return { type: "outcome", id, status: "unknown" };
      if (response.status !== 200) return await failure(response);
      const { status, reason } = await response.json();
      return status === "pending" ? {} : { type: "outcome", id, status, ...(reason && { reason }) };
    });
  }

  // States

  async poll({ purpose, have, wait, atLeast }, signal) {
    return await failingAs("poll-failed", { purpose }, async () => {
      const headers = { "A-IM": "merge-patch" };
      if (have !== null) headers["If-None-Match"] = `"${have}"`;
      const seconds = wait ?? (atLeast === undefined ? 0 : SETTLE_WAIT);
      if (seconds > 0) headers.Prefer = `wait=${seconds}`;
      const query = atLeast === undefined ? "" : `?at_least=${atLeast}`;
      const timeout = REQUEST_TIMEOUT + seconds * 1_000;
      const response = await this.request(`${this.pollURL}/state${query}`, { headers, timeout, signal });
      const common = {
        purpose,
        version: response.headers.get("ETag") ?? undefined,
        position: response.headers.get("Cistern-Position") ?? undefined,
      };
      const interval = Number(response.headers.get("Cistern-Poll-Interval"));
      if (interval > 0) common.interval = interval;
      switch (response.status) {
        case 200: return { type: "state", ...common, state: await response.json() };
        case 226: {
          const from = response.headers.get("Delta-Base")?.replace(/^(W\/)?"|"$/g, "");
          return { type: "patch", ...common, from, patch: await response.json() };
        }
        case 304: return { type: "unchanged", ...common, waited: response.headers.has("Preference-Applied") };
        default: {
          const failed = await failure(response);
          return failed.problem?.type === "/problems/unknown-app" ? { type: "unknown", purpose, ...(interval > 0 && { interval }) } : failed;
        }
      }
    });
  }

  /** Follows the events until they end or the signal ends them; `dispatch` is given what comes. */
  async events({ have, presence }, dispatch, signal) {
    const way = "events";
    try {
      const headers = { Accept: "text/event-stream", "A-IM": "merge-patch" };
      if (have !== null) headers["Last-Event-ID"] = have;
      const response = await this.request(`${this.pollURL}/state${presence ? "?presence=1" : ""}`, { headers, timeout: null, signal });
      if (response.status !== 200) return dispatch({ ...(await failure(response)), type: "closed", way });
      const read = eventReader(have, dispatch);
      let isOpen = false;
      for await (const chunk of chunks(response.body)) {
        // Not before the first byte: a proxy that gathers what comes would have sent the head as well.
        if (!isOpen) dispatch({ type: "opened", way });
        isOpen = true;
        read(chunk);
      }
      dispatch({ type: "closed", way });
    } catch (error) {
      dispatch({ type: "closed", way, problem: silence(error) });
    }
  }

  // Presence

  async say({ value, ttl }) {
    return await failingAs("say-failed", {}, async () => {
      const url = `${this.pollURL}/presence/${this.name}`;
      const response = value === null
        ? await this.request(url, { method: "DELETE" })
        : await this.request(`${url}?ttl=${ttl}`, { method: "PUT", headers: JSON_BODY, body: JSON.stringify(value) });
      return response.ok ? { type: "said" } : await failure(response);
    });
  }

  async whoIsHere({ tag }) {
    // It is asked for again soon anyway.
    return await failingAs(null, {}, async () => {
      const response = await this.request(`${this.pollURL}/presence`, { headers: tag === null ? {} : { "If-None-Match": tag } });
      if (response.status !== 200) return {};
      return { type: "present", clients: (await response.json()).clients, tag: response.headers.get("ETag") };
    });
  }
}

/** Runs a request; what is thrown or has no type of its own becomes an event of this type. Null: nothing is said of failures. */
async function failingAs(type, members, request) {
  try {
    const event = await request();
    return event.type || type === null ? event : { ...event, ...members, type };
  } catch (error) {
    return type === null ? {} : { ...members, type, problem: silence(error) };
  }
}

/** What was thrown instead of an answer, as a problem without a status. */
export function silence(error) {
  return { title: "The server does not answer", detail: String(error?.cause?.message ?? error?.message ?? error) };
}

export async function failure(response) {
  const seconds = Number(response.headers.get("Retry-After"));
  let problem = { status: response.status, title: response.statusText };
  if (response.headers.get("Content-Type")?.startsWith("application/problem+json")) {
    problem = await response.json();
  } else {
    await response.body?.cancel();
  }
  return { problem, ...(seconds > 0 && { retryAfter: seconds * 1_000 }) };
}

async function* chunks(body) {
  // Not every browser can iterate a stream by itself.
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}
