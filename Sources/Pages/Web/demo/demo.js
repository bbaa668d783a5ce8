// The demo: a shared board. Puts the parts together; each says at its top what it does.

import { boardOf, cardOf } from "./model/board.js";
import * as edits from "./model/edits.js";
import { History } from "./model/history.js";
import { pictureOf } from "./model/picture.js";
import { boardNameOf, newBoardName, peopleOf } from "./model/people.js";
import { pushURL } from "../servers.js";
import { PictureMaker } from "./session/picture.js";
import { takeSeat } from "./session/seat.js";
import { Session } from "./session/session.js";
import { BoardView } from "./view/board.js";
import { Cursors } from "./view/cursors.js";
import { Drag } from "./view/drag.js";
import { Keyboard } from "./view/keyboard.js";
import { WAY_NAMES, Panel } from "./view/panel.js";
import { People } from "./view/people.js";
import { PictureView } from "./view/picture.js";
import { chooseTheme, preparePanelSwitch, prepareShare } from "./view/frame.js";
import { Toasts } from "./view/toasts.js";
import { write } from "./view/element.js";

const url = new URL("..", location.href).href;
const app = `demo.${boardNameOf(location.hash)}`;
const find = (id) => document.getElementById(id);

const toasts = new Toasts(find("toasts"));
const history = new History();
const seat = await takeSeat(url, app);
const session = new Session({ url, pushURL, app }, seat, { changed: show, missing: begin, figures: showFigures, present: showPeople, rejected: tellRejected });

// What people do

/** How many changes of each card are on their way. */
const waiting = new Map();

function push(patch, { isStep = true } = {}) {
  if (patch === null) return;
  if (isStep) history.record(session.state ?? {}, patch);
  const ids = Object.keys(patch.cards ?? {});
  count(ids, 1);
  try {
    session.push(patch).catch(() => {}).finally(() => count(ids, -1));
  } catch (error) {
    // Too many wait already: the client takes no more.
    count(ids, -1);
    toasts.show(error.message);
  }
  showHistory();
}

function count(ids, step) {
  for (const id of ids) waiting.set(id, (waiting.get(id) ?? 0) + step);
  for (const id of ids) if (waiting.get(id) === 0) waiting.delete(id);
  view.markPending(new Set(waiting.keys()));
}

function takeBack(patch) {
  if (patch === null) toasts.show("Nothing left to take back: others have changed it since.");
  else push(patch, { isStep: false });
  showHistory();
}

const undo = () => history.canUndo && takeBack(history.undo(session.state ?? {}));
const redo = () => history.canRedo && takeBack(history.redo(session.state ?? {}));

const newId = () => Array.from(crypto.getRandomValues(new Uint8Array(6)), (byte) => (byte % 36).toString(36)).join("") + Date.now().toString(36);

const acts = {
  tick: (id) => {
    const card = cardOf(view.board, id);
    if (card) push(edits.setDone(id, !card.done));
  },
  remove: (id) => {
    push(edits.removeCard(id));
    toasts.show("Card removed.", { name: "Undo", run: undo });
  },
  add: (column) => {
    const id = newId();
    const start = session.state ?? {};
    const patch = edits.addCard(view.board, { id, column, text: "" });
    push(patch, { isStep: false });
    acts.edit(id, { start, added: patch.cards[id] });
  },
  edit: (id, { start = session.state ?? {}, added } = {}) => {
    session.say({ edits: id });
    view.card(id)?.edit({
      say: (text) => push(edits.setText(id, text), { isStep: false }),
      end: (before, text) => endEdit(id, before, text, { start, added }),
    });
  },
  rename: (id, title) => title && push(edits.renameColumn(id, title)),
  drop: ({ id, column, before }) => push(edits.moveCard(view.board, { id, column, before })),
  hold: (lifted) => session.say({ holds: lifted }),
  announce: (text) => write(find("said"), text),
};

/** What was said while it was written is one step of the history, with the making of a new card. */
function endEdit(id, before, text, { start, added }) {
  session.say({ edits: null });
  const card = cardOf(view.board, id);
  if (!card) return;
  if (text === "" && before === "") {
    push(edits.removeCard(id), { isStep: false });
    if (document.activeElement === document.body) view.focus();
    return;
  }
  const patch = edits.setText(id, text === "" ? before : text);
  if (text !== before) history.record(start, { cards: { [id]: { ...added, ...patch.cards[id] } } });
  if (card.text !== patch.cards[id].text) push(patch, { isStep: false });
  showHistory();
}

// What people see

const view = new BoardView(find("board"), acts);
new Drag(find("board"), view, acts);
new Keyboard(find("board"), view, acts);
const panel = new Panel(find("panel"), {
  chooseWay: (way) => session.chooseWay(way),
  setOffline: (isOffline) => (session.isOffline = isOffline),
  fail: () => session.push([{ op: "replace", path: "/cards/nowhere/done", value: true }]),
}, {
  links: { state: new URL(`v1/apps/${app}/state`, url).href, problems: new URL("problems/", url).href },
  command: [
    `curl -X PUT ${pushURL === undefined ? url : `${pushURL}/`}v1/apps/${app}/changes/$(uuidgen)`,
    "  -H 'Content-Type: application/merge-patch+json'",
    `  -d '{"title":"Hello from a terminal"}'`,
  ].join(" \\\n"),
  isOffline: seat.isOffline,
});
const pictures = new PictureMaker({ url, pushURL, app });
const pictureView = new PictureView(find("picture"), {
  get: (id) => tellFailure(pictures.save(id, `${view.board.title || "board"}.svg`)),
  dismiss: () => tellFailure(dismissPicture()),
});
const person = seat.person;
const people = new People(find("people"), person, (name) => {
  seat.person = { ...seat.person, name };
  session.say({ name });
});
const cursors = new Cursors(find("cursors"), find("board"), (cursor) => session.say({ cursor }));

function show(isOwn) {
  const board = boardOf(session.state);
  view.render(board, { isOwn });
  view.markPending(new Set(waiting.keys()));
  find("board").classList.toggle("empty", session.state === undefined);
  const title = find("title");
  if (document.activeElement !== title) title.value = board.title;
  document.title = board.title || "A shared board";
  const picture = pictureOf(session.state, app);
  pictureView.render(picture);
  find("draw").disabled = picture?.isUnderWay === true;
  showPeople();
  showFigures();
}

/** Where one is under way, it is cancelled by whoever has asked for it; everybody can take away what is over. */
async function dismissPicture() {
  const isUnderWay = pictureOf(session.state, app)?.isUnderWay;
  if (isUnderWay && (await pictures.cancel())) return;
  push({ picture: null }, { isStep: false });
}

const tellFailure = (work) => work.catch((error) => toasts.show(error.name === "TimeoutError" ? "The server does not answer." : error.message));

/** The first look at a board that nobody has made yet; whoever is a moment later is refused, silently. */
function begin() {
  session.push(edits.firstBoard(), { ifNoneMatch: "*" });
}

function showPeople() {
  const others = peopleOf(session.clients, session.me);
  people.show(others);
  view.mark(others);
  cursors.show(others);
}

let areFiguresDue = false;

/** Once in a frame: figures change with each message. */
function showFigures() {
  if (areFiguresDue) return;
  areFiguresDue = true;
  requestAnimationFrame(() => {
    areFiguresDue = false;
    panel.render(session);
    showPhase(session.status);
  });
}

function showPhase({ phase, way, pending, problem }) {
  const names = {
    live: `Live by ${WAY_NAMES[way]}`,
    offline: pending > 0 ? `Offline, ${pending} to send` : "Offline",
    connecting: problem ? "Looking for the server …" : "Connecting …",
  };
  const target = find("phase");
  target.dataset.phase = phase;
  write(target, names[phase]);
}

function showHistory() {
  find("undo").disabled = !history.canUndo;
  find("redo").disabled = !history.canRedo;
}

function tellRejected({ problem }) {
  toasts.show(`Rejected: ${problem.detail ?? problem.title}`);
}

// The frame round the board

const title = find("title");
title.addEventListener("change", () => push(edits.setTitle(title.value.trim())));
title.addEventListener("keydown", ({ key }) => key === "Enter" && title.blur());
find("draw").addEventListener("click", () => tellFailure(pictures.begin()));
find("undo").addEventListener("click", undo);
find("redo").addEventListener("click", redo);
addEventListener("keydown", (event) => {
  const isField = event.target.matches?.("input:not([type=checkbox], [type=radio]), textarea");
  if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z" || isField) return;
  event.preventDefault();
  if (event.shiftKey) redo();
  else undo();
});
addEventListener("hashchange", () => location.reload());
document.addEventListener("visibilitychange", () => session.say({ away: document.hidden, ...(document.hidden && { cursor: null }) }));

const address = new URL(`#${app.slice("demo.".length)}`, location.href).href;
find("second").href = address;
prepareShare(find("share"), { address, newAddress: () => new URL(`#${newBoardName()}`, location.href).href, toasts });
chooseTheme(find("theme"));
preparePanelSwitch(find("panel-switch"), find("panel"));
session.say({ ...person, away: document.hidden, cursor: null, holds: null, edits: null });
show(true);
