// Types of cistern.js. What happens when is described in ClientBehaviour.md.

/** Any JSON value. Numbers are doubles: one of more than 17 digits is rounded when it is read. */
export type JSONValue = null | boolean | number | string | JSONValue[] | { [name: string]: JSONValue };

export type Way = "socket" | "events" | "long" | "short";

export interface Options {
  /** Where states are read, such as `https://example.org`. */
  url: string;
  /** Where changes are pushed, if that is elsewhere. */
  pushURL?: string;
  /** The application: 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit. */
  app: string;
  /**
   * A bearer token for every request and every socket; a function is asked each time, so that one that has expired is followed by another.
   * Tabs that share a connection use the token of the one that leads, and its queue: users who share a browser take a `storage` of their own.
   */
  token?: string | (() => string | Promise<string>);
  /** The ways to receive states, best first; all that work here unless given. */
  ways?: Way[];
  /** Where pending changes are kept: IndexedDB in browsers, shared by all tabs; else memory. */
  storage?: Storage;
  /** The name under which this client is present; a random one unless given. */
  client?: string;
  /** Instead of the global one. Node has none before version 22. */
  WebSocket?: typeof WebSocket;
  /** Instead of the global one, such as to see what is sent and comes. */
  fetch?: typeof fetch;
  /** To begin without trying the network. */
  isOffline?: boolean;
}

/** Begins to follow an application. It goes on, whatever fails, until it is closed. */
export function connect<State = JSONValue>(options: Options): Connection<State>;

export interface Connection<State = JSONValue> {
  /** The server's state with everything pending applied, a preview. Undefined as long as there is neither. Never altered in place. */
  readonly state: State | undefined;
  readonly status: Status;
  readonly presence: Presence;
  /** Set, nothing is tried, as if there were no network, and changes gather. Shared tabs are offline with the one that leads. */
  isOffline: boolean;

  /** Calls the listener at once, if there is a state, and whenever it has changed. Returns how to end that. */
  subscribe(listener: (state: State | undefined, status: Status) => void): () => void;
  on(event: "status", listener: (status: Status) => void): () => void;
  /** Changes that will never be in the state, also those of an earlier page or another tab. */
  on(event: "rejected", listener: (error: ChangeRejected) => void): () => void;

  /**
   * Changes the state: by a merge patch (RFC 7396), or by an array of operations (RFC 6902 and Cistern's own). It shows at once
   * and is sent when there is a server, after everything that was pushed before.
   *
   * Fulfilled when the server has folded the change in, which may be after hours offline; rejected with `ChangeRejected` if it came to
   * nothing, and with `ConnectionClosed` if the connection is closed before that is known. Nobody has to look at it.
   *
   * Throws `RangeError` if the change has more than 1 MiB or 10,000 changes wait already, `TypeError` if it is no JSON value, and
   * `ConnectionClosed` from the call of `close` on.
   */
  push(change: Operation[] | object | string | number | boolean | null, options?: PushOptions): Pushing;

  /**
   * Ends everything. What is pending stays in the storage, for which this waits, 5 s at most; whoever waits for a change is told
   * `ConnectionClosed`.
   */
  close(): Promise<void>;
}

export interface PushOptions {
  /** How the change is to be read, if an array or an object does not say so. */
  type?: "application/merge-patch+json" | "application/json-patch+json" | "application/vnd.cistern.patch+json";
  /** Only if the state has this version, as in `status.version`, when the change's turn comes; `*`: only if something was applied before. */
  ifMatch?: string;
  /** Only if nothing was applied before. */
  ifNoneMatch?: "*";
}

export interface Pushing extends Promise<Pushed> {
  /**
   * Fulfilled with true as soon as the change is written down and outlives the page, and with false if it does not: there is no storage that
   * does, or it has failed. Until then the page holds it, and with false until it is known what became of it: whoever leaves the page is
   * asked by the browser (`beforeunload`), if they have ever touched it. A page that goes on by itself waits for this first.
   */
  readonly kept: Promise<boolean>;
}

export interface Pushed {
  /** The id under which the change was folded in; null if the tab that knew it is gone. */
  id: string | null;
  /**
   * `unknown`: it is folded in, but nobody can say any more whether it was applied: it is too long ago, or the tab that asked is gone. If
   * that tab could keep nothing (`kept` is false), it was sent, and nobody knows more.
   */
  outcome: "applied" | "unknown";
}

export interface Status {
  phase: "connecting" | "live" | "offline";
  way: Way | null;
  /** Whether the application exists; null until a server has said so. */
  exists: boolean | null;
  /** The version of the server's part of the state. */
  version: string | null;
  /** How far the log is folded into that. */
  position: string | null;
  /** Changes that are not known to be folded in yet. */
  pending: number;
  /** What stands in the way at the moment. */
  problem: Problem | null;
  /**
   * Whether what is pending outlives the page, apart from what is just being written down: see `Pushing.kept`. A storage that cannot be read, or not
   * within 10 s, is not written to either: nothing does then.
   */
  isDurable: boolean;
}

export interface Presence {
  /** Says something about this client, at most 4 KiB of JSON, until it is closed or says `null`. With shared tabs the last one counts. */
  set(value: JSONValue): void;
  /** Who is here, as far as it is followed. */
  get(): { [client: string]: { value: JSONValue } };
  /** Follows who is here. */
  subscribe(listener: (clients: { [client: string]: { value: JSONValue } }) => void): () => void;
}

/** RFC 9457; `type` is `/problems/<slug>`. */
export interface Problem {
  type?: string;
  title?: string;
  status?: number;
  detail?: string;
  [member: string]: unknown;
}

export class ChangeRejected extends Error {
  readonly id: string;
  readonly problem: Problem;
}

/** Nobody will say here what became of a change: its connection was closed. The next one goes on with it if it was kept. */
export class ConnectionClosed extends Error {}

/** Where operations are asked for, and by whom. */
export type OperationsOptions = Pick<Options, "url" | "pushURL" | "app" | "token" | "fetch">;

/**
 * Work of an application that takes longer than a request: started here, done by a worker, seen by everybody. Nothing goes on by itself, and nothing has
 * to be closed.
 */
export function operations(options: OperationsOptions): Operations;

export interface Operations {
  /**
   * Has something done, exactly once, whatever happens on the way: it goes out under the same id until it is answered. Who wants to go on with it
   * in another page keeps the id, or gives one.
   *
   * Throws `TypeError` if the input is no JSON value.
   */
  start<Input = JSONValue>(kind: string, input?: Input, options?: StartOptions): LongOperation;
  /** One that was started before. */
  get(id: string): LongOperation;
  /** All that are remembered, fetched in pages as they are asked for. */
  list(options?: { status?: OperationStatus; kind?: string; signal?: AbortSignal }): AsyncIterable<OperationDocument>;
}

export interface StartOptions {
  /** 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit; a random one unless given. */
  id?: string;
  /** How often it may be tried, 1 to 100; 3 unless given. */
  attempts?: number;
  /** 0 to 9, 9 comes first; 5 unless given. */
  priority?: number;
  /** Not to be begun before: RFC 3339, as `2026-11-21T06:00:00Z`. */
  notBefore?: string;
  /**
   * Seconds, whole ones and 30 days at most: from when it may be claimed until it is begun and until it is over, and of each attempt whatever its
   * worker says.
   */
  deadlines?: { start?: number; attempt?: number; total?: number };
  /** Where in the application's state everybody sees how it stands: a JSON Pointer. */
  publish?: string;
  /** Ends the trying, not the operation. */
  signal?: AbortSignal;
}

/**
 * Requests are repeated until they are answered, for as long as it takes; each takes a `signal` that ends it. Rejected with `OperationRefused` if the
 * server says no: here, and by everything that is asked of an operation whose start was refused.
 */
export interface LongOperation extends AsyncIterable<OperationDocument> {
  readonly id: string;
  /** Fulfilled when the server has it for good. Nobody has to look at it. */
  readonly started: Promise<OperationDocument | undefined>;
  status(options?: { signal?: AbortSignal }): Promise<OperationDocument>;
  /** How it stands, each time that it stands otherwise, up to its end; the same as iterating over the operation itself. */
  news(options?: { signal?: AbortSignal }): AsyncIterable<OperationDocument>;
  /** Waits until it is over and gives what its worker has made; rejected with `OperationFailed` if there is nothing. */
  result(options?: { signal?: AbortSignal; onProgress?: (operation: OperationDocument) => void }): Promise<Response>;
  /** Says that nobody wants it any more. It may still have a result. */
  cancel(options?: { signal?: AbortSignal }): Promise<OperationDocument>;
  /** Has it tried again, if it is dead. */
  retry(options?: { signal?: AbortSignal }): Promise<OperationDocument>;
  /** Forgets it and its result, if it is over: then null. Else it is cancelled. */
  delete(options?: { signal?: AbortSignal }): Promise<OperationDocument | null>;
}

export type OperationStatus = "queued" | "running" | "cancelling" | "succeeded" | "failed" | "cancelled" | "dead";

export interface OperationProgress {
  /** 0 to 100. */
  percent?: number;
  completed?: number;
  total?: number;
  message?: string;
}

/** How an operation stood at a moment. */
export interface OperationDocument {
  app: string;
  id: string;
  kind: string;
  status: OperationStatus;
  done: boolean;
  attempt: number;
  attempts: number;
  priority: number;
  cancel_requested: boolean;
  created_at: string;
  updated_at: string;
  not_before?: string;
  expires_at?: string;
  progress?: OperationProgress;
  error?: { [member: string]: JSONValue };
  result?: { href: string; media_type: string; digest: string };
}

/** The server does not do what was asked for. */
export class OperationRefused extends Error {
  readonly problem: Problem;
}

/** An operation is over without a result. */
export class OperationFailed extends Error {
  readonly operation: OperationDocument;
}

export type Operation =
  | { op: "add" | "replace" | "test"; path: string; value: JSONValue }
  | { op: "remove" | "timestamp"; path: string }
  | { op: "move" | "copy"; from: string; path: string }
  | { op: "increment" | "min" | "max"; path: string; value: number }
  | { op: "union" | "subtract"; path: string; value: JSONValue[] };

/** A pending change as a storage keeps it. */
export interface KeptChange {
  order: number;
  [member: string]: unknown;
}

/** Where pending changes outlive a connection. A call to save may come before earlier ones are done; they take effect in their order. */
export interface Storage {
  readonly isDurable: boolean;
  /** What was kept, items by rising `order`; null if nothing was. */
  load(): Promise<{ meta: object; items: KeptChange[] } | null>;
  /** All of it or nothing; fulfilled when it will outlive the program. Nothing is sent before. */
  save(changes: { meta: object; put: KeptChange[]; drop: number[] }): Promise<void>;
  close(): void;
}

/** For as long as the program runs. */
export class MemoryStorage implements Storage {
  readonly isDurable: boolean;
  load(): ReturnType<Storage["load"]>;
  save(changes: Parameters<Storage["save"]>[0]): Promise<void>;
  close(): void;
}

/** In a database of this browser under this name, for one connection at a time: what shares tabs sees to that by itself. */
export class BrowserStorage implements Storage {
  readonly isDurable: boolean;
  constructor(name: string);
  load(): ReturnType<Storage["load"]>;
  save(changes: Parameters<Storage["save"]>[0]): Promise<void>;
  close(): void;
}

/** Applies a patch as the client does for its preview. Throws if it cannot be applied. */
export function apply(state: JSONValue, type: NonNullable<PushOptions["type"]>, change: JSONValue, now?: number): JSONValue;
