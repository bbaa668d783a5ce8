// The webhooks beside the daemons: which there are, where they are sent, and whether anything arrives.

import { make, renew, setClass, setText } from "./dom.js";
import { askBucket } from "./server.js";
import { cardOf } from "./webhookrow.js";

/** They are looked at anew with every fifth refresh: they seldom change, and the server reads all of them each time. */
const EVERY = 5;
/** How many are shown: those that are not well first. */
const MOST = 12;
const ORDER = ["bad", "warn", "off", "good"];

/** Where a webhook's deliveries are; without an id, those of all. */
export const placeOf = (id = "") => `#/webhooks/${encodeURIComponent(id)}`;

export class WebhookList {
  #section;
  #list;
  #note;
  #sinceAsked = EVERY;
  #webhooks = [];

  constructor(section) {
    this.#section = section;
    this.#list = section.querySelector("ul");
    this.#note = section.querySelector("p");
  }

  /** As the server tells them; none where it has none, or does not say. */
  get webhooks() {
    return this.#webhooks;
  }

  find(id) {
    return this.#webhooks.find((webhook) => webhook.id === id);
  }

  async refresh({ isAtOnce = false } = {}) {
    this.#sinceAsked += 1;
    if (this.#sinceAsked < EVERY && !isAtOnce) return this.#show();
    this.#sinceAsked = 0;
    try {
      ({ webhooks: this.#webhooks } = await askBucket("webhooks"));
      setText(this.#note, "");
    } catch (error) {
      // Another server has them, or this token is for looking only. One that is away does not make all else old.
      const status = error.problem?.status;
      if (status === 401) throw error;
      if (status === 404 || status === 403) this.#webhooks = [];
      else setText(this.#note, error.message);
    }
    this.#show();
  }

  #show() {
    this.#section.hidden = this.#webhooks.length === 0;
    const cards = this.#webhooks.map((webhook) => cardOf(webhook, Date.now())).sort((a, b) => ORDER.indexOf(a.level) - ORDER.indexOf(b.level));
    renew(this.#list, cards.slice(0, MOST), makeCard, fillCard);
    const more = cards.length - MOST;
    if (more > 0) setText(this.#note, `And ${more} more; “cistern webhook list” has all.`);
  }
}

function makeCard() {
  return make("li", {}, make("a", { class: "id" }), make("span", { class: "state" }), make("p", { class: "where" }), make("p", { class: "reason" }));
}

function fillCard(element, { id, url, level, status, about, reason }) {
  const [link, state, where, why] = element.children;
  setClass(element, `webhook ${level}`);
  element.title = about;
  if (link.getAttribute("href") !== placeOf(id)) link.setAttribute("href", placeOf(id));
  setText(link, id);
  setText(state, status);
  setText(where, url);
  why.hidden = reason === "";
  setText(why, reason);
}
