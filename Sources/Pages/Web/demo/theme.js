// Before anything is painted: the choice between light and dark, if somebody has made one. No module, those come too late for that.
try {
  const theme = localStorage.getItem("cistern theme");
  if (theme) document.documentElement.dataset.theme = theme;
} catch {
  // No storage here: as the system has it.
}
