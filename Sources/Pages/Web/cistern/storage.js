// Where pending changes outlive the page. A storage has `load()`, which gives `{meta, items}` or null, `save({meta, put, drop})`, which is
// done when its promise is fulfilled, and `close()`, also while it loads. Items are told apart by `order`. Saving begins in the order of the calls, and may begin
// before earlier calls are done.

/** For as long as the program runs. */
export class MemoryStorage {
  isDurable = false;
  #meta = null;
  #items = new Map();

  async load() {
    return this.#meta && { meta: this.#meta, items: [...this.#items.values()].sort((a, b) => a.order - b.order) };
  }

  async save({ meta, put, drop }) {
    this.#meta = meta;
    for (const item of put) this.#items.set(item.order, item);
    for (const order of drop) this.#items.delete(order);
  }

  close() {}
}

/** In a database of this browser for one application of one server. */
export class BrowserStorage {
  isDurable = true;
  #name;
  #database = null;
  #isClosed = false;

  constructor(name) {
    this.#name = name;
  }

  async load() {
    const opening = indexedDB.open(this.#name, 1);
    opening.onupgradeneeded = () => {
      opening.result.createObjectStore("meta");
      opening.result.createObjectStore("items", { keyPath: "order" });
    };
    this.#database = await result(opening);
    // Given up meanwhile: whoever else wants the database must not wait for this.
    if (this.#isClosed) {
      this.#database.close();
      throw new Error("The storage was closed");
    }
    const transaction = this.#database.transaction(["meta", "items"]);
    const meta = result(transaction.objectStore("meta").get("client"));
    const items = result(transaction.objectStore("items").getAll());
    return (await meta) ? { meta: await meta, items: await items } : null;
  }

  async save({ meta, put, drop }) {
    // Strict: after a crash of the machine an id that was sent must not be given to another change.
    const transaction = this.#database.transaction(["meta", "items"], "readwrite", { durability: "strict" });
    transaction.objectStore("meta").put(meta, "client");
    for (const item of put) transaction.objectStore("items").put(item);
    for (const order of drop) transaction.objectStore("items").delete(order);
    // Now, and not when the last request is answered: the page may be gone by then.
    transaction.commit();
    await new Promise((resolve, reject) => {
      transaction.oncomplete = resolve;
      transaction.onabort = transaction.onerror = () => reject(transaction.error);
    });
  }

  close() {
    this.#isClosed = true;
    this.#database?.close();
  }
}

function result(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
