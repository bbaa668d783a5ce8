// The strip that tells everybody of a picture of the board: how far it is, and where it can be had.

import { element, write } from "./element.js";

export class PictureView {
  #root;
  #bar = element("progress", { max: 1 });
  #text = element("span", { role: "status" });
  #get;
  #close;

  /** `acts`: `get(id)` has the picture saved, `dismiss()` takes the strip away for everybody, or the wish back. */
  constructor(root, acts) {
    this.#root = root;
    this.#get = element("button", { className: "word primary", onclick: () => acts.get(this.#get.dataset.id) }, "Save the picture");
    this.#close = element("button", { className: "icon", onclick: () => acts.dismiss() }, "×");
    root.append(this.#bar, this.#text, this.#get, this.#close);
  }

  render(picture) {
    this.#root.hidden = picture === null;
    if (picture === null) return;
    const { status, fraction, text, id, isUnderWay } = picture;
    this.#root.dataset.status = status;
    this.#bar.hidden = !isUnderWay;
    if (fraction === null) this.#bar.removeAttribute("value");
    else this.#bar.value = fraction;
    write(this.#text, text);
    this.#get.hidden = id === undefined;
    this.#get.dataset.id = id ?? "";
    const name = isUnderWay ? "Cancel" : "Dismiss";
    this.#close.title = name;
    this.#close.setAttribute("aria-label", name);
  }
}
