// Makes elements. No text of anybody ever becomes HTML.

/** `members`: properties of the element; `role` and those with a dash are attributes. */
export function element(name, members = {}, ...children) {
  const made = document.createElement(name);
  assign(made, members);
  made.append(...children);
  return made;
}

export function drawing(name, attributes = {}, ...children) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

function assign(target, members) {
  for (const [key, value] of Object.entries(members)) {
    if (key === "role" || key.includes("-")) target.setAttribute(key, value);
    else target[key] = value;
  }
}

/** Sets a text only if it is another: what is selected stays, and nothing is laid out anew. */
export function write(target, text) {
  if (target.textContent !== text) target.textContent = text;
}

export const isCalm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;
