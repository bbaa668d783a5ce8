// Uses all that cistern.d.ts declares. Only compiled: see types.test.mjs.

import {
  apply, BrowserStorage, ChangeRejected, connect, ConnectionClosed, MemoryStorage, OperationFailed, OperationRefused, operations,
  type Connection, type JSONValue, type KeptChange, type LongOperation, type Operation, type OperationDocument, type OperationProgress, type Operations, type OperationsOptions,
  type OperationStatus, type StartOptions, type Options, type Presence, type Problem, type Pushed,
  type Pushing, type PushOptions, type Status, type Storage, type Way,
} from "../../../Sources/Pages/Web/cistern.js";

interface Board {
  title?: string;
  cards: { [id: string]: { text: string; done: boolean } };
}

class OwnStorage implements Storage {
  readonly isDurable = true;
  #kept: { meta: object; items: KeptChange[] } | null = null;
  async load() { return this.#kept; }
  async save({ meta, put, drop }: { meta: object; put: KeptChange[]; drop: number[] }) {
    const items = (this.#kept?.items ?? []).filter((item) => !drop.includes(item.order));
    this.#kept = { meta, items: [...items, ...put] };
  }
  close() {}
}

const ways: Way[] = ["socket", "events", "long", "short"];
const options: Options = { url: "https://example.org", pushURL: "https://push.example.org", app: "board", token: () => "secret", ways, client: "ada", WebSocket, fetch, isOffline: true };
const board: Connection<Board> = connect<Board>({ ...options, storage: new OwnStorage() });
const plain: Connection = connect({ url: "https://example.org", app: "board", token: async () => "secret", storage: new MemoryStorage() });

const lent: Connection = connect({ url: "https://example.org", app: "board", storage: new BrowserStorage("window 1") });
lent.isOffline = !lent.isOffline;

const title: string | undefined = board.state?.title;
const anything: JSONValue | undefined = plain.state;
const status: Status = board.status;
const phase: "connecting" | "live" | "offline" = status.phase;
const facts: [Way | null, boolean | null, string | null, string | null, number, Problem | null, boolean] =
  [status.way, status.exists, status.version, status.position, status.pending, status.problem, status.isDurable];

const ends: (() => void)[] = [
  board.subscribe((state: Board | undefined, { pending }: Status) => console.log(state?.cards, pending)),
  board.on("status", ({ problem }) => console.log(problem?.title)),
  board.on("rejected", (error: ChangeRejected) => console.log(error.id, error.problem.detail, error.message)),
];

const edits: Operation[] = [
  { op: "add", path: "/cards/a", value: { text: "Plan", done: false } },
  { op: "test", path: "/cards/a/done", value: false },
  { op: "replace", path: "/cards/a/done", value: true },
  { op: "move", from: "/cards/a", path: "/cards/b" },
  { op: "copy", from: "/cards/b", path: "/cards/c" },
  { op: "remove", path: "/cards/c" },
  { op: "increment", path: "/n", value: 1 },
  { op: "union", path: "/tags", value: ["red"] },
  { op: "timestamp", path: "/changed" },
];
const conditions: PushOptions = { type: "application/vnd.cistern.patch+json", ifMatch: status.version ?? "*" };
const pushed: Pushing = board.push(edits, conditions);
pushed.kept.then((isKept: boolean) => console.log(isKept));
pushed.then(({ id, outcome }) => console.log(id?.length, outcome === "applied"), (error: unknown) => {
  if (error instanceof ChangeRejected) console.log(error.problem.status);
  if (error instanceof ConnectionClosed) console.log(error.message);
});
board.push({ title: "Plan" }, { ifNoneMatch: "*" });
plain.push(null);

const presence: Presence = board.presence;
presence.set({ name: "Ada" });
const here: { [client: string]: { value: JSONValue } } = presence.get();
ends.push(presence.subscribe((clients) => console.log(Object.keys(clients))));

const previewed: JSONValue = apply({ n: 1 }, "application/json-patch+json", [{ op: "remove", path: "/n" }], 0);
const closed: Promise<void> = board.close();

// @ts-expect-error An application has to be named.
connect({ url: "https://example.org" });
// @ts-expect-error There is no such way.
connect({ url: "https://example.org", app: "board", ways: ["pigeon"] });
// @ts-expect-error What the state has is read only.
board.state = undefined;
// @ts-expect-error A board has no such member.
board.state?.colour;
// @ts-expect-error There is no such event.
board.on("nothing", () => {});
// @ts-expect-error An operation of this kind needs a value.
const incomplete: Operation = { op: "add", path: "/a" };

export { anything, closed, ends, facts, here, incomplete, phase, previewed, title };

const where: OperationsOptions = { url: "https://example.org", pushURL: "https://push.example.org", app: "board", token: "secret", fetch };
const jobs: Operations = operations(where);
const wish: StartOptions = { id: "nightly", attempts: 3, priority: 9, notBefore: "2026-11-21T06:00:00Z", deadlines: { total: 3_600 }, publish: "/jobs/export", signal: new AbortController().signal };
const job: LongOperation = jobs.start("export", { format: "svg" }, wish);
async function follow(): Promise<Blob> {
  const first: OperationDocument | undefined = await job.started;
  for await (const { status, progress, result, error } of job) {
    const figures: [OperationStatus, OperationProgress | undefined, string | undefined, JSONValue | undefined] = [status, progress, result?.href, error?.code];
    console.log(first?.id, figures);
  }
  for await (const news of jobs.get(job.id).news()) console.log(news.attempt, news.done);
  for await (const { id } of jobs.list({ status: "dead", kind: "export" })) await jobs.get(id).retry();
  await job.cancel();
  const gone: OperationDocument | null = await job.delete();
  console.log(gone, (await job.status()).updated_at);
  try {
    return await (await job.result({ onProgress: ({ progress }) => console.log(progress?.percent) })).blob();
  } catch (error) {
    if (error instanceof OperationFailed) console.log(error.operation.error);
    if (error instanceof OperationRefused) console.log(error.problem.title);
    throw error;
  }
}
void follow();
// @ts-expect-error: there is no such status.
jobs.list({ status: "over" });
