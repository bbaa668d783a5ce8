// One window's part in the board: its connection, which is made anew for another way of delivery, and what is shown as long as no
// server has said anything.

import { apply, connect } from "../../cistern.js";
import { askIfRefused, token } from "../../token.js";
import { Roundtrips, Series } from "../model/figures.js";
import { meteredFetch, meteredSocket } from "./meter.js";

/** Milliseconds between two things that a window says about itself: a socket carries twenty a second easily, each PUT is a request. */
const SAY_INTERVAL = { socket: 50, events: 150, long: 300, short: 300 };
/** Milliseconds after which a server that has a state would have said it; of a board that nobody has made it says nothing. */
const SPEAKS_FIRST = 250;
/** Rejections that are shown. */
const MOST_REJECTIONS = 5;

export class Session {
  state;
  times = new Series();
  sizes = new Series();
  rejections = [];
  clients = {};
  me;

  #seat;
  #where;
  #reports;
  #connection = null;
  /** Fulfilled when a connection has gone and the next one is there. */
  #closing = null;
  #ways;
  #roundtrips = new Roundtrips();
  #picture;
  #saying = {};
  #sayTimer = null;
  #isLive = false;
  #lookTimer = null;
  #saidAt = 0;
  /** Whether a change of this window is being shown. */
  #isOwn = false;

  /** `reports`: `changed(isOwn)`, `missing()`: the server has no such board, `figures()`, `present()`, `rejected(error)`. */
  constructor({ url, pushURL, app }, seat, reports) {
    this.#where = { url, pushURL, app };
    this.#seat = seat;
    this.#reports = reports;
    this.#picture = seat.picture;
    this.state = this.#picture;
    this.me = seat.client;
    addEventListener("pagehide", () => (seat.picture = this.state));
    this.#connect();
  }

  get status() {
    return this.#connection.status;
  }

  get isOffline() {
    return this.#seat.isOffline;
  }

  set isOffline(isOffline) {
    this.#seat.isOffline = isOffline;
    this.#roundtrips.interrupted();
    this.#connection.isOffline = isOffline;
    this.#reports.figures();
  }

  /** Undefined: whatever works best. */
  async chooseWay(way) {
    this.#ways = way === undefined ? undefined : [way];
    // Who has chosen once more meanwhile gets what was chosen last.
    if (this.#closing !== null) return;
    this.#roundtrips.interrupted();
    // The two would have one queue: the first one has to let it go.
    this.#closing = this.#connection.close();
    await this.#closing;
    this.#closing = null;
    this.#isLive = false;
    this.#picture = this.state;
    this.#connect();
  }

  push(change, options) {
    if (this.#closing !== null) return this.#closing.then(() => this.push(change, options));
    this.#roundtrips.pushed(performance.now(), this.status.phase === "live");
    this.#isOwn = true;
    try {
      return this.#connection.push(change, options);
    } finally {
      this.#isOwn = false;
    }
  }

  /** Says something more about this window, soon. */
  say(members) {
    this.#saying = { ...this.#saying, ...members };
    if (this.#sayTimer !== null) return;
    const interval = SAY_INTERVAL[this.status.way] ?? SAY_INTERVAL.short;
    const pause = Math.max(0, this.#saidAt + interval - performance.now());
    this.#sayTimer = setTimeout(() => this.#say(), pause);
  }

  #say() {
    clearTimeout(this.#sayTimer);
    this.#sayTimer = null;
    this.#saidAt = performance.now();
    // Said before that, it would go by a request of its own, and outlive the window for a while.
    if (this.#isLive) this.#connection.presence.set(this.#saying);
  }

  #connect() {
    const report = (bytes) => {
      this.sizes.add(bytes);
      this.#reports.figures();
    };
    const connection = connect({
      ...this.#where, token: token(), client: this.me, storage: this.#seat.openStorage(), ways: this.#ways, isOffline: this.#seat.isOffline,
      fetch: meteredFetch(report), WebSocket: meteredSocket(report),
    });
    this.#connection = connection;
    connection.subscribe((state) => this.#show(state));
    connection.on("status", (status) => this.#heard(status));
    connection.on("rejected", (error) => {
      // Only a new board's first content has a condition: that somebody else was first is no news.
      if (error.problem.type === "/problems/precondition-failed") return;
      this.rejections = [{ ...error.problem, id: error.id, at: new Date() }, ...this.rejections].slice(0, MOST_REJECTIONS);
      this.#reports.rejected(error);
      this.#reports.figures();
    });
    connection.presence.subscribe((clients) => {
      this.clients = clients;
      this.#reports.present();
    });
  }

  get #isUnknown() {
    return this.status.version === null && this.#connection.state === undefined;
  }

  #heard(status) {
    askIfRefused(status.problem);
    const wasLive = this.#isLive;
    this.#isLive = status.phase === "live";
    if (this.#isLive && !wasLive) this.#say();
    for (const time of this.#roundtrips.pending(status.pending, performance.now())) this.times.add(time);
    // From now on the server's word counts, also that there is nothing.
    if (status.exists !== null && this.#picture !== undefined) {
      this.#picture = undefined;
      this.#show(this.#connection.state);
    }
    if (status.phase === "live" && this.#isUnknown && this.#lookTimer === null) {
      this.#lookTimer = setTimeout(() => this.#isUnknown && this.status.phase === "live" && this.#reports.missing(), SPEAKS_FIRST);
    }
    this.#reports.figures();
  }

  #show(state) {
    const { exists } = this.status;
    if (exists === null && this.#picture !== undefined) {
      // Only what is pending is known yet: it is shown on what was there before the page was loaded again.
      this.state = state === undefined ? this.#picture : apply(this.#picture, "application/merge-patch+json", state);
    } else {
      this.state = state;
    }
    this.#reports.changed(this.#isOwn);
  }
}
