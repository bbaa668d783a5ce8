// Positions and versions, `<epoch>-<number>`. Numbers of different epochs are never compared.

/** Reads a token as it stands in a body or a header: bare, quoted or weak. Null if it is none. */
export function token(text) {
  const [, epoch, number] = /^(?:W\/)?"?([^"]+)-(\d+)"?$/.exec(text ?? "") ?? [];
  return epoch === undefined ? null : { epoch, number: Number(number) };
}

/** A random name. Pages without TLS have no `crypto.randomUUID`. */
export function uuid() {
  return Array.from(crypto.getRandomValues(new Uint8Array(16)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function text({ epoch, number }) {
  return `${epoch}-${number}`;
}
