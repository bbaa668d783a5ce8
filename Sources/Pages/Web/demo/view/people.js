// Round pictures of who is here; one's own first, to give oneself a name.

import { initialsOf, LONGEST_NAME } from "../model/people.js";
import { element, write } from "./element.js";

/** Pictures beside one's own; the rest is a number. */
const MOST_SHOWN = 5;

export class People {
  #root;
  #self;
  #field;
  #others = element("span", { className: "others" });

  constructor(root, person, rename) {
    this.#root = root;
    this.#field = element("input", {
      className: "own-name", value: person.name, maxLength: LONGEST_NAME, autocomplete: "off", spellcheck: false, "aria-label": "Your name",
    });
    this.#self = element("span", { className: "face", "aria-hidden": "true" });
    this.#self.style.setProperty("--hue", person.hue);
    const show = () => write(this.#self, initialsOf(this.#field.value) || "?");
    this.#field.addEventListener("input", show);
    this.#field.addEventListener("keydown", ({ key }) => key === "Enter" && this.#field.blur());
    this.#field.addEventListener("change", () => rename(this.#field.value.trim() || person.name));
    show();
    const own = element("label", { className: "own", role: "listitem", title: "Your name: change it" }, this.#self, this.#field);
    root.append(this.#others, own);
    this.#others.setAttribute("role", "presentation");
  }

  show(people) {
    const faces = people.slice(0, MOST_SHOWN).map(({ name, hue, isAway }) => {
      const [className, title] = isAway ? ["face away", `${name} (elsewhere)`] : ["face", name];
      const face = element("span", { className, title, role: "listitem", "aria-label": name }, initialsOf(name));
      face.style.setProperty("--hue", hue);
      return face;
    });
    if (people.length > MOST_SHOWN) faces.push(element("span", { className: "face more", role: "listitem" }, `+${people.length - MOST_SHOWN}`));
    const now = JSON.stringify(people.map(({ name, hue, isAway }) => [name, hue, isAway]));
    if (this.#root.dataset.shown === now) return;
    this.#root.dataset.shown = now;
    this.#others.replaceChildren(...faces);
  }
}
