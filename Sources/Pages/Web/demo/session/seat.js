// Each window is a person of its own here: with its own name, its own pending changes, and its own offline switch. (Tabs of one browser
// would share all that, as an application wants it.) A seat is what outlives the window: who was there, and what was not sent yet.
// Whoever comes next to a seat that was left takes it over, so nothing is lost with a window that was closed.

import { BrowserStorage, MemoryStorage } from "../../cistern.js";
import { newPerson } from "../model/people.js";

/** Windows of one browser that keep what they have not sent. */
const MOST_SEATS = 32;
/** Times, and milliseconds between them, that a page asks for the seat it had before it was loaded again: the old one may still be going. */
const RETRIES = 20;
const RETRY_AFTER = 25;

/** A seat at this board; without Web Locks (pages without TLS) nothing of it is kept. */
export async function takeSeat(url, app) {
  const prefix = `cistern demo ${url} ${app}`;
  const mark = `${prefix} seat`;
  if (!navigator.locks || !globalThis.indexedDB) return new Seat(prefix, false);
  const before = Number(sessionStorage.getItem(mark));
  for (let attempt = 0; before > 0 && attempt < RETRIES; attempt += 1) {
    if (await lock(`${mark} ${before}`)) return new Seat(`${mark} ${before}`, true);
    await new Promise((resolve) => setTimeout(resolve, RETRY_AFTER));
  }
  for (let number = 1; number <= MOST_SEATS; number += 1) {
    if (!(await lock(`${mark} ${number}`))) continue;
    sessionStorage.setItem(mark, String(number));
    return new Seat(`${mark} ${number}`, true);
  }
  return new Seat(prefix, false);
}

/** Holds a lock as long as the page is there. */
function lock(name) {
  return new Promise((resolve) => {
    navigator.locks.request(name, { ifAvailable: true }, (held) => {
      resolve(held !== null);
      return held === null ? undefined : new Promise(() => {});
    });
  });
}

class Seat {
  #name;
  #isKept;

  constructor(name, isKept) {
    this.#name = name;
    this.#isKept = isKept;
  }

  /** For one connection, which closes it. */
  openStorage() {
    return this.#isKept ? new BrowserStorage(this.#name) : new MemoryStorage();
  }

  /** The name under which this window is present, also after it was loaded again. */
  get client() {
    const kept = this.#read(sessionStorage, "client");
    if (kept) return kept;
    const client = `demo-${Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(36)).join("")}`;
    this.#write(sessionStorage, "client", client);
    return client;
  }

  get person() {
    const kept = this.#read(localStorage, "person");
    if (kept) return kept;
    const person = newPerson();
    this.person = person;
    return person;
  }

  set person(person) {
    this.#write(localStorage, "person", person);
  }

  /** What this window showed last, for a page that is loaded again without a server at hand. */
  get picture() {
    return this.#read(sessionStorage, "picture") ?? undefined;
  }

  set picture(state) {
    this.#write(sessionStorage, "picture", state);
  }

  get isOffline() {
    return this.#read(sessionStorage, "offline") === true;
  }

  set isOffline(isOffline) {
    this.#write(sessionStorage, "offline", isOffline);
  }

  #read(storage, part) {
    try {
      return JSON.parse(storage.getItem(`${this.#name} ${part}`));
    } catch {
      return null;
    }
  }

  #write(storage, part, value) {
    try {
      storage.setItem(`${this.#name} ${part}`, JSON.stringify(value));
    } catch {
      // Full or forbidden: the page works without.
    }
  }
}
