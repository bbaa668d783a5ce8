// A row for each delivery; its attempts are under it as long as they are wanted.

import { make, renew, setClass, setText } from "./dom.js";
import { clock } from "./format.js";

export function makeDelivery() {
  return make("li", { class: "delivery" },
    make("button", { type: "button", class: "outcome", title: "How its attempts went" }), make("span", { class: "what" }), make("span", { class: "count" }), make("span", { class: "answer" }),
    make("span", { class: "next" }), make("span", { class: "age" }), make("button", { type: "button", class: "replay", title: "Send it once more, the same bytes under the same id" }, "Replay"),
    make("p", { class: "told", role: "status" }), make("div", { class: "attempts" }, make("p", { class: "id" }), make("ol")));
}

export function fillDelivery(element, row) {
  const [outcome, what, count, answer, next, age, replay, told, attempts] = element.children;
  setClass(element, `delivery ${row.level}`.trim());
  setText(outcome, row.status);
  outcome.setAttribute("aria-expanded", row.attemptsOf !== null);
  setText(what, [row.type, row.app].filter(Boolean).join(" · ") + (row.showsWebhook ? ` → ${row.webhook}` : ""));
  setText(count, row.attempts);
  setText(answer, row.answer);
  setText(next, row.next);
  setText(age, row.age);
  replay.hidden = !row.canReplay;
  told.hidden = row.told === null;
  setText(told, row.told?.text ?? "");
  setClass(told, `told ${row.told?.level ?? ""}`.trim());
  attempts.hidden = row.attemptsOf === null;
  if (row.attemptsOf === null) return;
  setText(attempts.firstElementChild, row.id);
  renew(attempts.lastElementChild, row.attemptsOf, () => make("li", {}, make("span"), make("time"), make("span", { class: "answer" }), make("span")), (line, attempt) => {
    const [number, time, ending, duration] = line.children;
    setClass(line, attempt.level);
    setText(number, `${attempt.number}.`);
    setText(time, clock(attempt.at));
    time.setAttribute("datetime", attempt.at);
    time.title = attempt.at;
    setText(ending, attempt.answer);
    setText(duration, attempt.duration);
  });
}
