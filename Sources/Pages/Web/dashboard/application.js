// One application: where it stands, its state as it changes, and its latest changes with what became of them.

import { MemoryStorage, connect } from "../cistern.js";
import { ask, base } from "./server.js";
import { askIfRefused, token } from "../token.js";
import { make, renew, setClass, setText } from "./dom.js";
import { bytes, clock, seconds, whole } from "./format.js";
import { OperationsView } from "./operations.js";
import { compact, mergedChanges } from "./tree.js";
import { TreeView } from "./treeview.js";

/** How many of the latest changes are asked for: as many as snapshots remember. */
const LATEST = 64;

export class ApplicationView {
  #section;
  #parts;
  #tree;
  #operations = new OperationsView();
  #name = null;
  #connection = null;
  #changes = [];
  #epoch = null;
  /** When what was shown last was drawn; states that come faster than the screen are left out. */
  #frame = 0;

  constructor(section) {
    this.#section = section;
    const title = make("h2");
    const status = make("p", { class: "status", role: "status" });
    const facts = make("dl");
    const tree = make("ul", { class: "tree", "aria-label": "State" });
    const changes = make("ol", { class: "changes" });
    const none = make("p", { class: "empty" });
    section.append(
      make("div", { class: "tools" }, make("a", { class: "back", href: "#" }, "‹ All applications"), title, status), facts, this.#operations.element,
      make("div", { class: "halves" },
        make("section", { class: "state", "aria-label": "State" }, make("h3", {}, "State"), tree),
        make("section", { "aria-label": "Latest changes" }, make("h3", {}, "Latest changes"), none, changes)));
    this.#parts = { title, status, facts, tree, changes, none };
    this.#tree = new TreeView(tree);
  }

  get name() { return this.#name; }

  open(name) {
    this.close();
    this.#name = name;
    this.#section.hidden = false;
    setText(this.#parts.title, name);
    setText(this.#parts.status, "Looking…");
    setText(this.#parts.none, "");
    this.#parts.facts.replaceChildren();
    this.#parts.changes.replaceChildren();
    this.#connect();
    this.#parts.title.closest("section").querySelector(".back").focus({ preventScroll: true });
  }

  #connect() {
    // Read only: nothing is ever pushed, so nothing has to outlive the page.
    this.#connection = connect({ url: base(), app: this.#name, token: token(), storage: new MemoryStorage() });
    this.#connection.subscribe((state, status) => {
      this.#showStatus(status);
      cancelAnimationFrame(this.#frame);
      this.#frame = requestAnimationFrame(() => this.#tree.show(status.exists === false ? undefined : state));
    });
    this.#connection.on("status", (status) => this.#showStatus(status));
  }

  close() {
    this.rest();
    this.#name = null;
    this.#changes = [];
    this.#section.hidden = true;
    this.#operations.clear();
    this.#tree.show(undefined);
  }

  /** Follows nothing while nobody looks. */
  rest() {
    cancelAnimationFrame(this.#frame);
    this.#connection?.close();
    this.#connection = null;
  }

  wake() {
    if (this.#name !== null && !this.#connection) this.#connect();
  }

  async refresh() {
    const name = this.#name;
    if (name === null) return;
    try {
      const path = `apps/${encodeURIComponent(name)}`;
      // An application may have operations before it has a state.
      const work = OperationsView.asked(name).then((operations) => this.#name === name && this.#operations.show(operations));
      const [head, { changes }] = await Promise.all([ask(path), ask(`${path}/changes`, { latest: LATEST }), work]);
      if (this.#name !== name) return;
      if (head.epoch !== this.#epoch) this.#changes = [];
      this.#epoch = head.epoch;
      this.#changes = mergedChanges(this.#changes, changes);
      this.#showFacts(head);
      this.#showChanges();
    } catch (error) {
      if (this.#name !== name) return;
      if (error.problem?.type !== "/problems/unknown-app") throw error;
      this.#parts.facts.replaceChildren();
      this.#changes = [];
      this.#showChanges();
      setText(this.#parts.none, "There is no application of this name, or not any more.");
    }
  }

  #showStatus({ phase, way, version, exists, problem }) {
    askIfRefused(problem);
    const ways = { socket: "by socket", events: "by events", long: "by long polls", short: "by polls" };
    const words = exists === false ? "There is no such application." : phase === "live"
      ? `Live ${ways[way] ?? ""}, version ${version ?? "–"}`
      : phase === "offline" ? `Not connected. ${problem?.title ?? "It tries again."}` : "Connecting…";
    setText(this.#parts.status, words);
    setClass(this.#parts.status, `status ${phase === "live" && exists !== false ? "good" : phase === "offline" ? "bad" : ""}`.trim());
  }

  #showFacts(head) {
    const ago = (time) => (time ? `${seconds((Date.now() - Date.parse(time)) / 1_000)} ago` : "never");
    const facts = [
      ["Epoch", head.epoch], ["Pushed up to", whole(head.tail)], ["Merged up to", whole(head.position)],
      ["Waiting", whole(head.pending)], ["Version", whole(head.version)], ["Checkpoint at", whole(head.checkpoint)],
      ["Size", bytes(head.bytes)], ["Last push", ago(head.times.pushed)], ["Last merge", ago(head.times.merged)],
      ["Created", ago(head.times.created)],
    ];
    renew(this.#parts.facts, facts, () => make("div", {}, make("dt"), make("dd")), (element, [name, value]) => {
      setText(element.firstElementChild, name);
      setText(element.lastElementChild, value);
    });
  }

  #showChanges() {
    setText(this.#parts.none, this.#changes.length ? "" : "No change is remembered.");
    renew(this.#parts.changes, this.#changes, makeChange, fillChange);
  }
}

function makeChange() {
  return make("li", {}, make("span", { class: "position" }), make("span", { class: "outcome" }), make("span", { class: "id" }),
    make("time"), make("code"), make("p", { class: "reason" }, make("a", {}), " ", make("span")));
}

function fillChange(element, change) {
  const [position, outcome, id, time, body, reason] = element.children;
  setClass(element, change.status);
  setText(position, whole(change.position));
  setText(outcome, change.status);
  setText(id, change.id ?? "not readable");
  setText(time, change.time ? clock(change.time) : "");
  setText(body, change.change === undefined ? "" : compact(change.change));
  reason.hidden = !change.reason;
  if (!change.reason) return;
  const slug = change.reason.type.replace(/^.*\//, "");
  reason.firstElementChild.setAttribute("href", `../problems/${encodeURIComponent(slug)}`);
  setText(reason.firstElementChild, slug);
  setText(reason.lastElementChild, change.reason.detail ?? "");
}
