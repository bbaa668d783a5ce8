// The page: asks every other second, as long as somebody looks, and gives each part what it shows.

import { alerts } from "./alerts.js";
import { Applications } from "./applications.js";
import { ApplicationView } from "./application.js";
import { make, renew, setClass, setText } from "./dom.js";
import { showDaemons } from "./daemons.js";
import { DeliveriesView } from "./deliveries.js";
import { advance, nothing } from "./figures.js";
import { milliseconds, number, seconds, share } from "./format.js";
import { Plot } from "./plots.js";
import { ask } from "./server.js";
import { WebhookList, placeOf } from "./webhooks.js";
import { webhookAlerts } from "./webhookrow.js";
import { askIfRefused } from "../token.js";

/** Milliseconds between two refreshes: daemons report as often. */
const INTERVAL = 2_000;
/** Alerts that are written out; there are never so many that matter one by one. */
const MOST_ALERTS = 6;

const find = (id) => document.getElementById(id);

const plots = [
  { title: "Changes merged/s", figures: [{ of: "folded", format: number, least: 10 }, { of: "rejected", format: (value) => `${number(value)} rejected` }] },
  { title: "Polls/s", figures: [{ of: "polls", format: number, least: 10 }] },
  { title: "Backlog, changes", figures: [{ of: "pending", format: number, least: 10 }] },
  { title: "Lag", figures: [{ of: "lag", format: milliseconds, least: 20 }] },
  { title: "Busiest loop", figures: [{ of: "load", format: share, least: 1 }] },
  { title: "Clients waiting", figures: [{ of: "followers", format: number, least: 10 }] },
].map((description) => new Plot(description, (at) => plots.forEach((plot) => plot.point(at))));
find("plots").append(...plots.map((plot) => plot.element));

const application = new ApplicationView(find("application"));
const applications = new Applications(find("applications"), {
  open: (name) => { location.hash = encodeURIComponent(name); },
  refresh: () => guarded(() => applications.refresh()),
});

const webhooks = new WebhookList(find("webhooks"));
const deliveries = new DeliveriesView(find("deliveries"), webhooks);

let view = nothing;
let isPaused = false;
let lastAnswer = null;
let failure = null;
let timer = null;
let plotted = 0;

// Asking

async function guarded(work) {
  try {
    await work();
    failure = null;
    lastAnswer = performance.now();
  } catch (error) {
    failure = error;
    askIfRefused(error.problem);
  }
  showFreshness();
}

async function tick() {
  clearTimeout(timer);
  if (isPaused || document.hidden) return;
  const began = performance.now();
  await guarded(async () => {
    const part = application.name !== null ? application : deliveries.id !== null ? deliveries : applications;
    // The view of deliveries looks at webhooks itself.
    const [report] = await Promise.all([ask("daemons"), part.refresh(), part === deliveries || webhooks.refresh()]);
    view = advance(view, report);
    show();
  });
  clearTimeout(timer);
  if (!isPaused && !document.hidden) timer = setTimeout(tick, Math.max(200, INTERVAL - (performance.now() - began)));
}

// Showing

function show() {
  const { daemons, totals, partitions } = view;
  if (totals.at > plotted) {
    plotted = totals.at;
    for (const plot of plots) plot.add(totals);
  }
  showDaemons(find("daemons").querySelector("ul"), daemons, partitions);
  applications.showTotal(totals.applications);
  const found = [...alerts(view), ...webhookAlerts(webhooks.webhooks, Date.now())];
  const shown = found.slice(0, MOST_ALERTS);
  if (found.length > shown.length) shown.push({ level: found[shown.length].level, text: `And ${found.length - shown.length} more.` });
  renew(find("alerts"), shown, () => make("li"), (element, alert) => {
    setText(element, alert.text);
    setClass(element, alert.level);
  });
  const level = found[0]?.level ?? "good";
  setClass(find("health"), level);
  setText(find("health"), level === "good" ? "All is well" : `${found.length} ${found.length === 1 ? "thing needs" : "things need"} attention`);
  document.title = `${level === "good" ? "" : `(${found.length}) `}Cistern: dashboard`;
}

function showFreshness() {
  const age = lastAnswer === null ? null : (performance.now() - lastAnswer) / 1_000;
  const old = age === null ? "" : ` What is shown is ${seconds(age)} old.`;
  const words = isPaused ? `Paused.${old}` : failure ? `${failure.message}${old}` : "";
  setText(find("freshness"), words);
  setClass(find("freshness"), failure && !isPaused ? "bad" : "");
  if (failure && lastAnswer === null) {
    setClass(find("health"), "bad");
    setText(find("health"), "No answer");
  }
  document.body.classList.toggle("stale", failure !== null && !isPaused);
}

/** The overview, an application, or the deliveries of a webhook: no application's name begins with a slash. */
function showPlace() {
  const { hash } = location;
  const webhook = hash.startsWith(placeOf()) ? decodeURIComponent(hash.slice(placeOf().length)) : null;
  const name = webhook === null ? decodeURIComponent(hash.slice(1)) : "";
  if (name === (application.name ?? "") && webhook === deliveries.id) return;
  find("overview").hidden = name !== "" || webhook !== null;
  if (name) application.open(name);
  else application.close();
  if (webhook !== null) deliveries.open(webhook);
  else deliveries.close();
  if (!find("overview").hidden) applications.enter();
  tick();
}

// What people do

function pause(on) {
  isPaused = on;
  find("pause").setAttribute("aria-pressed", on);
  setText(find("pause"), on ? "Go on" : "Pause");
  if (on) application.rest();
  else application.wake();
  showFreshness();
  tick();
}

find("pause").addEventListener("click", () => pause(!isPaused));
window.addEventListener("hashchange", showPlace);
document.addEventListener("visibilitychange", () => {
  if (document.hidden) application.rest();
  else if (!isPaused) application.wake();
  tick();
});
document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  const isTyping = event.target.matches?.("input");
  if (event.key === "Escape") {
    if (isTyping && event.target.value !== "") return;
    if (location.hash.length > 1) location.hash = "";
    else applications.enter();
  } else if (!isTyping && event.key === "/") {
    event.preventDefault();
    if (location.hash.length > 1) location.hash = "";
    applications.find();
  } else if (!isTyping && event.key === "p") {
    pause(!isPaused);
  }
});
setInterval(showFreshness, 1_000);

showPlace();
tick();
