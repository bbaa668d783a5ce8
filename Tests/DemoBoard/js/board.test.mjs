// What the demo decides without a page: the order of cards, the patch of each edit and the one that takes it back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { apply } from "../../../Sources/Pages/Web/cistern/patch.js";
import { boardOf, cardOf, neighbour, placeOf, withLifted } from "../../../Sources/Pages/Web/demo/model/board.js";
import * as edits from "../../../Sources/Pages/Web/demo/model/edits.js";
import { History } from "../../../Sources/Pages/Web/demo/model/history.js";
import { between, isKey } from "../../../Sources/Pages/Web/demo/model/order.js";

const merge = (state, patch) => (patch === null ? state : apply(state, "application/merge-patch+json", patch));
const names = (state) => boardOf(state).columns.map(({ cards }) => cards.map(({ id }) => id).join(" "));

/** The same digits each time (a linear congruential generator). */
function seeded(seed) {
  let state = seed;
  return () => (state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32) / 2 ** 32;
}

/** A board of cards named by single letters, one text per column. */
function board(...columns) {
  const ids = ["ideas", "doing", "done"];
  let state = {};
  columns.forEach((cards, at) => {
    for (const id of cards) state = merge(state, edits.addCard(boardOf(state), { id, column: ids[at], text: id }));
  });
  return state;
}

const move = (state, id, column, before, random) => edits.moveCard(boardOf(state), { id, column, before }, random);

test("There is a key between any two, however often one is put into the same gap", () => {
  const random = seeded(1);
  for (const [first, last] of [[null, null], ["V1", null], [null, "01"], ["A1", "A2"], ["Az", "B1"], ["a", "a1"], ["zzzz", null]]) {
    let [low, high] = [first, last];
    for (let turn = 0; turn < 100; turn += 1) {
      const key = between(low, high, random);
      assert.ok(isKey(key), `${key} is a key`);
      assert.ok(low === null || key > low, `${key} is after ${low}`);
      assert.ok(high === null || key < high, `${key} is before ${high}`);
      if (random() < 0.5) low = key;
      else high = key;
    }
  }
});

test("Keys stay short where people put cards: at the end, at the beginning, in between", () => {
  for (const place of [(keys) => [keys.at(-1), null], (keys) => [null, keys[0]], (keys) => [keys[0], keys[1]]]) {
    const keys = ["C1", "L1"];
    for (let turn = 0; turn < 100; turn += 1) {
      keys.push(between(...place(keys)));
      keys.sort();
    }
    const longest = Math.max(...keys.map((key) => key.length));
    assert.ok(longest <= 60, `${longest} digits`);
  }
});

test("Neighbours with the same key, or none, break nothing", () => {
  assert.ok(between("V1", "V1") > "V1");
  assert.ok(between("X1", "V1") > "X1");
  for (const key of ["", "a0", "ä", "a b", 3, null, "a".repeat(201)]) assert.equal(isKey(key), false, String(key));
});

test("Two who put different cards into the same gap at the same time both get it, and a third can still go between them", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const random = seeded(seed);
    const state = board("abc", "xy");
    const [one, two] = [move(state, "x", "ideas", "b", random), move(state, "y", "ideas", "b", random)];
    const merged = merge(merge(state, one), two);
    assert.deepEqual(names(merged), names(merge(merge(state, two), one)));
    const [first, second] = boardOf(merged).columns[0].cards.slice(1, 3).map(({ id }) => id);
    assert.deepEqual([first, second].sort(), ["x", "y"]);
    assert.equal(names(merge(merged, move(merged, "c", "ideas", second)))[0], `a ${first} c ${second} b`);
  }
});

test("Moving names one card and what is different about it", () => {
  const state = board("abc", "x");
  assert.deepEqual(Object.keys(move(state, "c", "ideas", "a").cards.c), ["order"]);
  assert.deepEqual(Object.keys(move(state, "c", "doing", null).cards.c), ["column", "order"]);
  assert.equal(move(state, "b", "ideas", "c"), null, "it is there already");
  assert.equal(move(state, "c", "ideas", null), null, "it is the last one already");
  assert.deepEqual(names(merge(state, move(state, "c", "ideas", "a"))), ["c a b", "x", ""]);
  assert.deepEqual(names(merge(state, move(state, "a", "doing", "x"))), ["b c", "a x", ""]);
  assert.deepEqual(names(merge(state, move(state, "a", "done", "gone"))), ["b c", "x", "a"]);
});

test("One ticks, one writes and one moves the same card, and all three get what they wanted", () => {
  const state = board("ab");
  const all = [edits.setDone("a", true), edits.setText("a", "new"), move(state, "a", "done", null)];
  for (const order of [[0, 1, 2], [2, 1, 0], [1, 2, 0]]) {
    const card = cardOf(boardOf(order.reduce((now, at) => merge(now, all[at]), state)), "a");
    assert.deepEqual([card.done, card.text, card.column], [true, "new", "done"]);
  }
});

test("A card that somebody removed stays removed when another one writes in it", () => {
  const state = merge(merge(board("ab"), edits.removeCard("a")), edits.setText("a", "late"));
  assert.deepEqual(names(state), ["b", "", ""]);
});

test("Whatever JSON the state is, there is a board", () => {
  const odd = { cards: { a: 1, b: null, c: { text: 1 }, d: { text: "d", column: "nowhere", order: "!" }, e: [] }, columns: { doing: { title: 3 } }, title: {} };
  for (const state of [undefined, null, 1, "x", [], {}, { cards: [] }, odd]) {
    assert.deepEqual(boardOf(state).columns.map(({ title }) => title), ["Ideas", "Doing", "Done"]);
  }
  assert.deepEqual(names(odd), ["d", "", ""]);
  const proper = { p: { text: "p", column: "ideas", order: "V1" } };
  assert.equal(names(merge(odd, { cards: proper }))[0], "p d", "what has no proper place comes last");
  assert.equal(names(merge(odd, edits.addCard(boardOf(odd), { id: "z", column: "ideas", text: "" })))[0], "d z");
});

test("A card that is held is shown where it would go", () => {
  const shown = boardOf(board("abc", "x"));
  const ids = (lifted) => withLifted(shown, lifted).columns.map(({ cards }) => cards.map(({ id }) => id).join(" "));
  assert.deepEqual(ids({ id: "a", column: "doing", before: "x" }), ["b c", "a x", ""]);
  assert.deepEqual(ids({ id: "a", column: "ideas", before: null }), ["b c a", "x", ""]);
  assert.deepEqual(ids({ id: "gone", column: "ideas", before: null }), ["a b c", "x", ""]);
  assert.deepEqual(ids(null), ["a b c", "x", ""]);
});

test("Arrows carry a card one place on, and not off the board", () => {
  let shown = boardOf(board("abc", "x"));
  const carried = (id, ...keys) => {
    let now = shown;
    for (const key of keys) now = withLifted(now, neighbour(now, id, key));
    const { column, index } = placeOf(now, id);
    return `${column} ${index}`;
  };
  assert.equal(carried("a", "ArrowDown"), "ideas 1");
  assert.equal(carried("a", "ArrowDown", "ArrowDown", "ArrowDown"), "ideas 2");
  assert.equal(carried("b", "ArrowUp", "ArrowUp"), "ideas 0");
  assert.equal(carried("b", "ArrowRight"), "doing 1");
  assert.equal(carried("a", "ArrowRight", "ArrowRight", "ArrowRight"), "done 0");
  assert.equal(carried("a", "ArrowLeft"), "ideas 0");
  assert.equal(neighbour(shown, "gone", "ArrowUp"), null);
});

test("Every edit can be taken back and done again", () => {
  const history = new History();
  let state = board("abc", "x");
  const start = state;
  const steps = [
    edits.setText("a", "new"), edits.setDone("a", true), move(state, "a", "done", null), edits.removeCard("b"), edits.setTitle("Title"),
    edits.renameColumn("doing", "Now"), edits.addCard(boardOf(state), { id: "n", column: "done", text: "n" }),
  ];
  for (const patch of steps) {
    history.record(state, patch);
    state = merge(state, patch);
  }
  const end = state;
  while (history.canUndo) state = merge(state, history.undo(state));
  assert.deepEqual(boardOf(state), boardOf(start));
  while (history.canRedo) state = merge(state, history.redo(state));
  assert.deepEqual(boardOf(state), boardOf(end));
});

test("Taking back leaves alone what somebody else has changed since", () => {
  const state = board("ab");
  const history = new History();
  const patch = { cards: { a: { text: "mine", done: true } } };
  history.record(state, patch);
  const theirs = merge(merge(state, patch), edits.setText("a", "theirs"));
  const after = merge(theirs, history.undo(theirs));
  assert.deepEqual([after.cards.a.text, after.cards.a.done], ["theirs", undefined]);

  history.record(state, edits.setText("b", "mine"));
  assert.equal(history.undo(merge(state, edits.setText("b", "theirs"))), null);
});

test("A card of this window that somebody else has worked on is not taken back", () => {
  const history = new History();
  const patch = edits.addCard(boardOf({}), { id: "n", column: "done", text: "n" });
  history.record({}, patch);
  const state = merge(merge({}, patch), edits.setDone("n", true));
  assert.equal(history.undo(state), null);
});

test("A new board has its cards in order", () => {
  assert.deepEqual(boardOf(edits.firstBoard()).columns.map(({ cards }) => cards.length), [3, 2, 1]);
  assert.deepEqual(boardOf(edits.firstBoard()).columns[0].cards.map(({ id }) => id), ["first1", "first2", "first3"]);
});
