// The deliveries of a webhook, or of all: how each stands, its attempts when somebody asks for them, and sending it once more.

import { make, renew, setClass, setText } from "./dom.js";
import { fillDelivery, makeDelivery } from "./deliveryrows.js";
import { askBucket, tellBucket } from "./server.js";
import { attemptOf, cardOf, deliveryOf, inPlace } from "./webhookrow.js";

/** Deliveries on a page. */
const PAGE = 50;
/** The newest page is looked at anew with every third refresh: each look goes through all partitions. Older ones change only when asked for. */
const EVERY = 3;
const STATUSES = ["pending", "delivering", "retrying", "succeeded", "dead", "skipped", "discarded"];

export class DeliveriesView {
  #section;
  #parts;
  #webhooks;
  /** The webhook whose deliveries are shown, "" for all; null while nothing is. */
  #id = null;
  /** Until when each page goes, up to the present one. */
  #pages = [undefined];
  #next = null;
  #sinceAsked = EVERY;
  #asked = 0;
  #shown = [];
  /** Others are there that are not shown yet, because somebody aims at one of these. */
  #hasNewer = false;
  /** The delivery whose attempts are shown, and what is known of them. */
  #open = { id: null, updated: null, attempts: [] };
  /** What came of the last thing that somebody did to one of them. */
  #told = { id: null, text: "", level: "" };

  /** @param webhooks the WebhookList. */
  constructor(section, webhooks) {
    this.#section = section;
    this.#webhooks = webhooks;
    const title = make("h2");
    const status = make("p", { class: "status" });
    const facts = make("dl");
    const filter = make("select", { "aria-label": "Only those that stand so", onchange: () => this.#restart() },
      make("option", { value: "" }, "All of them"), ...STATUSES.map((status) => make("option", { value: status }, status)));
    const test = make("button", { type: "button", class: "test", onclick: () => this.#test() }, "Send a test");
    const note = make("p", { class: "empty", role: "status" });
    const list = make("ol", { class: "deliveries" });
    const newer = make("button", { type: "button", onclick: () => this.#turn(() => this.#pages.pop()) }, "Newer");
    const older = make("button", { type: "button", onclick: () => this.#turn(() => this.#pages.push(this.#next)) }, "Older");
    section.append(
      make("div", { class: "tools" }, make("a", { class: "back", href: "#" }, "‹ Overview"), title, status), facts,
      make("div", { class: "tools" }, make("h3", {}, "Deliveries"), filter, test), note, list, make("div", { class: "pager" }, newer, older));
    this.#parts = { title, status, facts, filter, test, note, list, newer, older };
    list.addEventListener("click", (event) => this.#click(event));
  }

  get id() { return this.#id; }

  open(id) {
    this.#id = id;
    this.#section.hidden = false;
    this.#parts.filter.value = "";
    setText(this.#parts.title, id === "" ? "All webhooks" : id);
    setText(this.#parts.note, "Looking…");
    this.#clear();
    this.#section.querySelector(".back").focus({ preventScroll: true });
  }

  close() {
    this.#id = null;
    this.#section.hidden = true;
    this.#clear();
  }

  #clear() {
    this.#pages = [undefined];
    this.#next = null;
    this.#sinceAsked = EVERY;
    this.#shown = [];
    this.#open = { id: null, updated: null, attempts: [] };
    this.#told = { id: null, text: "", level: "" };
    this.#show();
  }

  // Asking

  /** What was asked for earlier and comes later is dropped. */
  async refresh({ isAtOnce = false } = {}) {
    const id = this.#id;
    this.#sinceAsked += 1;
    const isDue = this.#pages.length === 1 && this.#sinceAsked >= EVERY;
    if (!isDue && !isAtOnce) return this.#show();
    this.#sinceAsked = 0;
    this.#asked += 1;
    const asked = this.#asked;
    try {
      const [page] = await Promise.all([
        askBucket("deliveries", { webhook: id, status: this.#parts.filter.value, until: this.#pages.at(-1), limit: PAGE }),
        this.#webhooks.refresh({ isAtOnce: true }),
      ]);
      if (asked !== this.#asked || id !== this.#id) return;
      this.#next = page.next ?? null;
      const isHeld = this.#isHeld;
      this.#shown = isHeld ? inPlace(this.#shown, page.deliveries) : page.deliveries;
      this.#hasNewer = isHeld && page.deliveries[0]?.id !== this.#shown[0].id;
      setText(this.#parts.note, this.#note());
      await this.#look();
    } catch (error) {
      if (asked !== this.#asked || id !== this.#id) return;
      if (error.problem?.status === 401) throw error;
      setText(this.#parts.note, `${error.message}`);
    }
    this.#show();
  }

  /** Somebody aims at one of them. */
  get #isHeld() {
    const { list } = this.#parts;
    return this.#shown.length > 0 && (list.matches(":hover") || list.contains(document.activeElement));
  }

  /** Asks for the attempts of the one that is open, if there are others than are known. */
  async #look() {
    const delivery = this.#shown.find(({ id }) => id === this.#open.id);
    if (!delivery || delivery.updated_at === this.#open.updated) return;
    const { attempts } = await askBucket(`deliveries/${delivery.id}/attempts`);
    if (this.#open.id === delivery.id) this.#open = { id: delivery.id, updated: delivery.updated_at, attempts };
  }

  #note() {
    if (this.#shown.length > 0) return this.#hasNewer ? "There are newer ones; they come when the pointer and the keyboard leave the list." : "";
    if (this.#next !== null) return "There is none among the latest; older ones may be.";
    return this.#parts.filter.value === "" ? "There is no delivery. What was told longer than 16 days ago is forgotten." : "There is none that stands so.";
  }

  #restart() {
    this.#turn(() => { this.#pages = [undefined]; });
  }

  #turn(change) {
    change();
    this.#shown = [];
    setText(this.#parts.note, "Looking…");
    this.#again();
  }

  async #again() {
    try {
      await this.refresh({ isAtOnce: true });
    } catch {
      // The next refresh says what is wrong.
    }
  }

  // What people do

  #click(event) {
    const row = event.target.closest("li.delivery");
    if (!row) return;
    const { id } = this.#shown[[...this.#parts.list.children].indexOf(row)];
    if (event.target.closest(".replay")) this.#replay(id);
    else if (!event.target.closest(".attempts")) this.#unfold(id);
  }

  async #unfold(id) {
    this.#open = { id: this.#open.id === id ? null : id, updated: null, attempts: [] };
    this.#show();
    try {
      await this.#look();
    } catch (error) {
      this.#told = { id, text: error.message, level: "bad" };
    }
    this.#show();
  }

  async #replay(id) {
    this.#told = { id, text: "Asking for it…", level: "" };
    this.#show();
    try {
      await tellBucket(`deliveries/${id}:replay`);
      this.#told = { id, text: "It is on its way again.", level: "good" };
    } catch (error) {
      this.#told = { id, text: `It was not sent again. ${error.message}`, level: "bad" };
    }
    await this.#again();
  }

  async #test() {
    const { note } = this.#parts;
    try {
      const { delivery } = await tellBucket(`webhooks/${encodeURIComponent(this.#id)}:test`);
      this.#told = { id: delivery, text: "This is the test.", level: "good" };
      this.#pages = [undefined];
      await this.#again();
    } catch (error) {
      setText(note, `No test was sent. ${error.message}`);
    }
  }

  // Showing

  #show() {
    const { title, status, facts, test, list, newer, older } = this.#parts;
    const webhook = this.#id === null ? undefined : this.#webhooks.find(this.#id);
    test.hidden = this.#id === "" || this.#id === null;
    facts.hidden = webhook === undefined;
    setText(status, webhook === undefined ? "" : statusOf(cardOf(webhook, Date.now())));
    setClass(status, `status ${webhook === undefined ? "" : cardOf(webhook, Date.now()).level}`.trim());
    if (webhook !== undefined) {
      const values = [
        ["URL", webhook.url], ["Applications", webhook.apps.join(", ")], ["Events", webhook.event_types.join(", ")],
        ...(webhook.path ? [["Part", webhook.path]] : []), ...(webhook.rate_limit ? [["At most", `${webhook.rate_limit}/s`]] : []),
      ];
      renew(facts, values, () => make("div", {}, make("dt"), make("dd")), (element, [name, value]) => {
        setText(element.firstElementChild, name);
        setText(element.lastElementChild, value);
      });
    }
    title.title = this.#id ?? "";
    const now = Date.now();
    const rows = this.#shown.map((delivery) => ({
      ...deliveryOf(delivery, now), showsWebhook: this.#id === "", told: this.#told.id === delivery.id ? this.#told : null,
      attemptsOf: this.#open.id === delivery.id ? this.#open.attempts.map(attemptOf) : null,
    }));
    renew(list, rows, makeDelivery, fillDelivery);
    newer.disabled = this.#pages.length === 1;
    older.disabled = this.#next === null;
  }
}

const statusOf = ({ status, reason }) => reason || (status === "enabled" ? "Enabled" : status);
