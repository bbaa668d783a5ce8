// What the dashboard asks of the server. Every URL is relative to the page's own, so that a path prefix does no harm.

import { pushURL } from "../servers.js";
import { token } from "../token.js";

/** A server that has not answered by then is taken to be away. */
const PATIENCE = 5_000;

export class ServerError extends Error {
  /** @param problem as the server sent it (RFC 9457), or null if it did not answer, or with something else. */
  constructor(message, problem = null) {
    super(message);
    this.problem = problem;
  }
}

/** Fulfilled with the answer's JSON. */
export const ask = (path, parameters) => askAt(base(), path, parameters);

/** The same of operations and webhooks, which the server has that changes are pushed to. */
export const askBucket = (path, parameters) => askAt(bucket(), path, parameters);

/** Has that server do something. */
export const tellBucket = (path) => askAt(bucket(), path, {}, "POST");

const bucket = () => (pushURL === undefined ? base() : `${pushURL}/`);

async function askAt(server, path, parameters = {}, method = "GET") {
  const url = new URL(`v1/${path}`, server);
  for (const [name, value] of Object.entries(parameters)) {
    if (value !== undefined && value !== "") url.searchParams.set(name, value);
  }
  // Spaces as %20, which the server reads, and not as +.
  url.search = url.search.replaceAll("+", "%20");
  let answer;
  let body;
  try {
    const headers = token() === undefined ? {} : { Authorization: `Bearer ${token()}` };
    answer = await fetch(url, { method, headers, signal: AbortSignal.timeout(PATIENCE), cache: "no-store" });
    body = await answer.json();
  } catch (error) {
    throw new ServerError(error.name === "TimeoutError" ? "The server does not answer." : "The server cannot be reached.");
  }
  if (!answer.ok) throw new ServerError(body.detail ?? `The server answered ${answer.status}.`, body);
  return body;
}

/** The server's address, for clients. */
export const base = () => new URL("..", document.baseURI).href;
