// Exact decimal arithmetic for `increment`, `min` and `max`, as the server does it: 0.1 + 0.2 is 0.3.
//
// A number that JSON.parse has read is a double already, so an operand of more than 17 digits was rounded before it came here. What is
// worked out is shown until the server's own result arrives, and never sent.

/** Powers of ten beyond this are left to doubles: the server refuses results of over 1,000 digits, and BigInt would grow with them. */
const MOST_DIGITS = 1_000;

/** A double as the decimal it is written as: `digits` × 10^-`scale`. Null beyond what the server takes. */
function decimal(number) {
  const [, sign, whole, fraction = "", exponent = "0"] = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(String(number)) ?? [];
  if (whole === undefined) return null;
  let digits = BigInt(sign + whole + fraction);
  let scale = fraction.length - Number(exponent);
  if (Math.abs(scale) > MOST_DIGITS) return null;
  if (scale < 0) {
    digits *= 10n ** BigInt(-scale);
    scale = 0;
  }
  return { digits, scale };
}

function plain({ digits, scale }) {
  const sign = digits < 0n ? "-" : "";
  const text = (digits < 0n ? -digits : digits).toString().padStart(scale + 1, "0");
  return sign + text.slice(0, text.length - scale) + (scale > 0 ? "." + text.slice(text.length - scale) : "");
}

/** The sum of two numbers as decimals. */
export function sum(a, b) {
  const left = decimal(a);
  const right = decimal(b);
  if (left === null || right === null) return a + b;
  const scale = Math.max(left.scale, right.scale);
  const digits = left.digits * 10n ** BigInt(scale - left.scale) + right.digits * 10n ** BigInt(scale - right.scale);
  return Number(plain({ digits, scale }));
}
