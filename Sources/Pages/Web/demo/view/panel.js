// The circle at work: figures of push and poll, how states come, what waits, and what was rejected.

import { bytes, milliseconds, tokenParts } from "../model/figures.js";
import { Circle } from "./circle.js";
import { element, write } from "./element.js";
import { Plot } from "./plot.js";

const WAYS = [
  { name: "Auto", title: "Whatever works best here" },
  { way: "socket", name: "Socket", title: "WebSocket: both directions on one connection" },
  { way: "events", name: "Events", title: "Server-Sent Events: the server writes patches as they come" },
  { way: "long", name: "Long poll", title: "Requests that wait for news" },
  { way: "short", name: "Poll", title: "A request every quarter of a second" },
];
export const WAY_NAMES = { socket: "WebSocket", events: "events", long: "long polls", short: "polls" };

export class Panel {
  #circle = new Circle();
  #sizes = new Plot("Bytes per message, the latest on the right");
  #times = new Plot("Milliseconds from push to poll, the latest on the right");
  #values = {};
  #offline;
  #ways = [];
  #rejections = element("ul", { className: "rejections", role: "list" });
  #shown;
  #state;
  #links;

  /** `acts`: `chooseWay(way)`, `setOffline(isOffline)`, `fail()`. `links`: `state`, `problems`. `command`: for a terminal. */
  constructor(root, acts, { links, command, isOffline }) {
    this.#links = links;
    this.#offline = element("input", { type: "checkbox", id: "offline", role: "switch", checked: isOffline });
    this.#offline.addEventListener("change", () => acts.setOffline(this.#offline.checked));
    const code = element("pre", { tabIndex: 0, "aria-label": "Command for a terminal" }, command);
    root.append(
      element("h2", {}, "The circle at work"),
      this.#circle.root,
      element("section", { className: "figure", "aria-label": "From push to poll" },
        this.#head("Push to poll", "time"), this.#times.root),
      element("section", { className: "figure", "aria-label": "Bytes" }, this.#head("Per message", "size"), this.#sizes.root),
      element("dl", { className: "facts" },
        ...this.#fact("Whole state", "whole"), ...this.#fact("Epoch", "epoch"), ...this.#fact("Position", "position"),
        ...this.#fact("Version", "version"), ...this.#fact("Not sent yet", "pending")),
      element("label", { className: "switch", htmlFor: "offline" },
        element("span", {}, element("b", {}, "Offline"), element("small", {}, "Go on working; it is sent when you are back.")), this.#offline),
      element("fieldset", {}, element("legend", {}, "Way of delivery"),
        element("div", { className: "ways" }, ...WAYS.map((way) => this.#wayOf(way, acts)))),
      element("section", { className: "rejected" },
        element("header", {}, element("h3", {}, "Rejected"),
          element("button", { className: "word", onclick: acts.fail, title: "Ticks a card that does not exist" }, "Try one that fails")),
        this.#rejections),
      element("section", { className: "terminal" },
        element("header", {}, element("h3", {}, "From a terminal"),
          element("a", { href: links.state, target: "_blank", rel: "noopener" }, "The state as JSON")),
        code));
  }

  #head(title, name) {
    this.#values[name] = element("output", { className: "value" }, "–");
    this.#values[`${name}-note`] = element("small", {});
    return element("header", {}, element("h3", {}, title), this.#values[name], this.#values[`${name}-note`]);
  }

  #fact(title, name) {
    this.#values[name] = element("dd", {}, "–");
    this.#values[name].dataset.figure = name;
    return [element("dt", {}, title), this.#values[name]];
  }

  #wayOf({ way, name, title }, acts) {
    const input = element("input", { type: "radio", name: "way", value: way ?? "auto", checked: way === undefined });
    input.addEventListener("change", () => acts.chooseWay(way));
    const label = element("label", { title }, input, element("span", {}, name));
    this.#ways.push({ way, label });
    return label;
  }

  render(session) {
    const { status, times, sizes, state, rejections } = session;
    const values = this.#values;
    const { epoch, number: version } = tokenParts(status.version);
    write(values.time, milliseconds(times.last));
    write(values["time-note"], times.values.length > 1 ? `median ${milliseconds(times.median)}` : "");
    write(values.size, bytes(sizes.last));
    write(values["size-note"], sizes.values.length > 1 ? `median ${bytes(sizes.median)}` : "");
    if (state !== this.#state) write(values.whole, bytes(new TextEncoder().encode(JSON.stringify(state)).length));
    this.#state = state;
    write(values.epoch, epoch ?? "–");
    write(values.version, String(version ?? "–"));
    write(values.position, String(tokenParts(status.position).number ?? "–"));
    write(values.pending, String(status.pending));
    values.pending.classList.toggle("some", status.pending > 0);
    this.#offline.checked = session.isOffline;
    for (const { way, label } of this.#ways) label.classList.toggle("used", status.phase === "live" && way === status.way);
    this.#times.render(times.values);
    this.#sizes.render(sizes.values);
    this.#circle.render({ label: milliseconds(times.last), isLive: status.phase === "live", isWaiting: status.pending > 0 });
    if (times.last !== null && times.values !== this.#shown) this.#circle.turn();
    this.#shown = times.values;
    this.#renderRejections(rejections);
  }

  #renderRejections(rejections) {
    if (this.#rejections.dataset.shown === String(rejections[0]?.id)) return;
    this.#rejections.dataset.shown = String(rejections[0]?.id);
    const none = element("li", { className: "none" }, "None. What cannot be applied stops nobody, and its sender is told why.");
    this.#rejections.replaceChildren(...(rejections.length === 0 ? [none] : rejections.map((problem) => this.#rejectionOf(problem))));
  }

  #rejectionOf({ type, title, detail, pointer, at }) {
    const slug = /^\/problems\/([a-z-]+)$/.exec(type ?? "")?.[1];
    const href = `${this.#links.problems}${slug}`;
    const name = slug ? element("a", { href, target: "_blank", rel: "noopener" }, slug) : (title ?? "Rejected");
    const time = element("time", { dateTime: at.toISOString() }, at.toLocaleTimeString());
    const item = element("li", {}, element("div", {}, name, " ", time), element("p", {}, detail ?? title ?? ""));
    if (pointer) item.append(element("code", {}, pointer));
    return item;
  }
}
