/** Loads the map's style sheet on pages that do not link it themselves. */
export function needStyleSheet() {
  const href = new URL("../styles/map.css", import.meta.url).href;
  const isThere = [...document.querySelectorAll("link")].some((link) => link.href === href);
  if (isThere) return;
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  document.head.append(link);
}
