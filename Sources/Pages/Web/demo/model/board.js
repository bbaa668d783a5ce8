// The board as people see it, made from whatever JSON the state is: anybody may push anything.
//
//     { "title": "Plan",
//       "columns": { "doing": { "title": "Doing" } },
//       "cards":   { "k3f…": { "text": "…", "column": "doing", "order": "V4k", "done": true } } }

import { isKey } from "./order.js";

/** Columns of every board; the state may give them other titles. */
export const COLUMNS = [{ id: "ideas", title: "Ideas" }, { id: "doing", title: "Doing" }, { id: "done", title: "Done" }];
/** Where cards without a proper place go: the end. */
const LAST_KEY = "z".repeat(8);

export function boardOf(state) {
  const cards = Object.entries(membersOf(membersOf(state).cards)).filter(([, card]) => isCard(card));
  const columns = COLUMNS.map(({ id, title }) => {
    const given = membersOf(membersOf(membersOf(state).columns)[id]).title;
    return { id, title: typeof given === "string" ? given : title, cards: [] };
  });
  for (const [id, { text, column, order, done }] of cards) {
    const home = columns.find((one) => one.id === column) ?? columns[0];
    home.cards.push({ id, text, column: home.id, order: isKey(order) ? order : LAST_KEY, done: done === true });
  }
  for (const column of columns) column.cards.sort(byOrder);
  const { title } = membersOf(state);
  return { title: typeof title === "string" ? title : "", columns };
}

/** A change of a card that somebody else has removed leaves a piece of one: that is none. */
const isCard = (value) => typeof value?.text === "string" && typeof value.column === "string" && typeof value.order === "string";

const byOrder = (a, b) => (a.order < b.order ? -1 : a.order > b.order ? 1 : a.id < b.id ? -1 : 1);

const membersOf = (value) => (value !== null && typeof value === "object" && !Array.isArray(value) ? value : {});

export function cardOf(board, id) {
  return board.columns.flatMap((column) => column.cards).find((card) => card.id === id);
}

/** The board with one card where somebody holds it: `before` names the card that it would come to stand before, null for the end. */
export function withLifted(board, lifted) {
  const card = lifted && cardOf(board, lifted.id);
  if (!card) return board;
  const columns = board.columns.map((column) => {
    const cards = column.cards.filter(({ id }) => id !== card.id);
    if (column.id !== lifted.column) return { ...column, cards };
    const at = cards.findIndex(({ id }) => id === lifted.before);
    cards.splice(at < 0 ? cards.length : at, 0, { ...card, column: column.id });
    return { ...column, cards };
  });
  return { ...board, columns };
}

/** Where a card is: its column, the index in it, and the card behind it. */
export function placeOf(board, id) {
  for (const { id: column, cards } of board.columns) {
    const index = cards.findIndex((card) => card.id === id);
    if (index >= 0) return { column, index, before: cards[index + 1]?.id ?? null };
  }
  return null;
}

/** The place one step away, for the keyboard: within the column, or beside it at the same height. Null if there is none. */
export function neighbour(board, id, key) {
  const place = placeOf(board, id);
  if (place === null) return null;
  const at = board.columns.findIndex((column) => column.id === place.column);
  const sideways = { ArrowLeft: -1, ArrowRight: 1 }[key];
  if (sideways !== undefined) {
    const column = board.columns[at + sideways];
    return column ? { id, column: column.id, before: column.cards[place.index]?.id ?? null } : null;
  }
  const others = board.columns[at].cards.filter((card) => card.id !== id);
  const index = place.index + { ArrowUp: -1, ArrowDown: 1 }[key];
  return index < 0 || index > others.length ? null : { id, column: place.column, before: others[index]?.id ?? null };
}
