// The buttons of the page that have nothing to do with the board.

/** Light, dark, or as the system has it. */
export function chooseTheme(button) {
  const root = document.documentElement;
  button.addEventListener("click", () => {
    const isDark = root.dataset.theme ? root.dataset.theme === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = isDark ? "light" : "dark";
    try {
      localStorage.setItem("cistern theme", root.dataset.theme);
    } catch {
      // Only for this page, then.
    }
  });
}

/** The panel stands beside the board, or on narrow windows over it. */
export function preparePanelSwitch(button, panel) {
  const isNarrow = matchMedia("(max-width: 900px)");
  const show = (isOpen) => {
    document.body.classList.toggle("panel-open", isOpen);
    button.setAttribute("aria-expanded", String(isOpen));
    panel.inert = !isOpen;
  };
  show(!isNarrow.matches);
  isNarrow.addEventListener("change", () => show(!isNarrow.matches));
  button.addEventListener("click", () => show(!document.body.classList.contains("panel-open")));
  document.querySelector("main").addEventListener("click", () => isNarrow.matches && show(false));
  addEventListener("keydown", ({ key }) => {
    if (key !== "Escape" || !isNarrow.matches || !document.body.classList.contains("panel-open")) return;
    show(false);
    button.focus();
  });
}

/** Gives the board's address away: by the system's own sheet on telephones, else by the clipboard. */
export function prepareShare(button, { address, toasts, newAddress }) {
  const another = { name: "New board", run: () => (location.href = newAddress()) };
  button.addEventListener("click", async () => {
    try {
      if (navigator.share && matchMedia("(pointer: coarse)").matches) return await navigator.share({ url: address });
      await navigator.clipboard.writeText(address);
      toasts.show("Link copied.", another);
    } catch (error) {
      // Cancelled by the person, or not allowed here (pages without TLS).
      if (error.name !== "AbortError") toasts.show(address, another);
    }
  });
}
