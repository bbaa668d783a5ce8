// Keys that put cards in order, as fractions written in 62 digits: there is always one between two others, so whoever moves a card
// says where it is and touches no other one. Two people who move cards to the same place at the same time both get what they wanted:
// random digits at the end make their keys different.

const DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/** Random digits behind each key: one in 3,800 of two concurrent ones is the same, and then the card's name decides. */
const RANDOM_DIGITS = 2;
/** Digits. A key grows by one when some thirty cards have been put into the same gap; nobody gets here by hand. */
const LONGEST_KEY = 200;

/** Whether a text from anybody is a key. One that ended in 0 would leave no room before it. */
export const isKey = (text) =>
  typeof text === "string" && text.length <= LONGEST_KEY && /^[0-9A-Za-z]*[1-9A-Za-z]$/.test(text);

/** A key after `low` and before `high`; null is the beginning or the end. */
export function between(low, high, random = Math.random) {
  const from = low ?? "";
  // Neighbours that are out of order, as two with the same key are: behind the first is all that can be done.
  const to = high !== null && high > from ? high : null;
  let key = middle(from, to);
  for (;;) {
    const result = key + randomDigits(random);
    if (to === null || result < to) return result;
    // It is the beginning of `to`, so that what stands behind it matters.
    key = middle(key, to);
  }
}

function middle(from, to) {
  if (to !== null) {
    const common = commonLength(from, to);
    if (common > 0) return to.slice(0, common) + middle(from.slice(common), to.slice(common));
  }
  const first = from === "" ? 0 : DIGITS.indexOf(from[0]);
  // At the end one digit further, not half of what is left: most cards are added there.
  const last = to === null ? Math.min(first + 2, DIGITS.length) : DIGITS.indexOf(to[0]);
  if (last - first > 1) return DIGITS[(first + last) >> 1];
  if (to !== null && to.length > 1) return to[0];
  return DIGITS[first] + middle(from.slice(1), null);
}

/** What both begin with, where `from` goes on with zeros. */
function commonLength(from, to) {
  let length = 0;
  while (length < to.length && (from[length] ?? "0") === to[length]) length += 1;
  return length;
}

function randomDigits(random) {
  let text = "";
  for (let at = 1; at < RANDOM_DIGITS; at += 1) text += DIGITS[Math.floor(random() * DIGITS.length)];
  return text + DIGITS[1 + Math.floor(random() * (DIGITS.length - 1))];
}
