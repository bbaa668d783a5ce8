// The token of a page: asked for when the server refuses without one, and kept as long as its tab is there. Nobody else is told of it, and no
// link or form has it.

const NAME = "cistern token";

let wasAsked = false;

/** What was given in this tab; undefined if nothing was, and where nothing can be kept. */
export function token() {
  try {
    return sessionStorage.getItem(NAME) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Asks for a token if that is what stands in the way, once for each time that the page is loaded; with another one it is loaded again. */
export function askIfRefused(problem) {
  // A token that allows other parts of a state only is the right one, for something else.
  const isRefused = problem?.status === 401 || (problem?.status === 403 && problem.pointer === undefined);
  if (!isRefused || wasAsked) return;
  wasAsked = true;
  const dialog = document.createElement("dialog");
  dialog.className = "token";
  dialog.innerHTML = `<form>
    <p></p>
    <label>Token or API key <input type="password" autocomplete="off" spellcheck="false" autofocus></label>
    <p class="faint">It is kept in this tab until that is closed.</p>
    <button>Use it</button>
  </form>`;
  dialog.querySelector("p").textContent = problem.detail ?? problem.title;
  dialog.querySelector("form").addEventListener("submit", (event) => {
    event.preventDefault();
    keep(dialog.querySelector("input").value.trim());
    location.reload();
  });
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}

/** Nothing takes away what was given. */
function keep(text) {
  if (text === "") sessionStorage.removeItem(NAME);
  else sessionStorage.setItem(NAME, text);
}
