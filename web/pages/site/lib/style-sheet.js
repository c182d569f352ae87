/**
 * Loads a style sheet that only some views need, once.
 * @param {string} name its file in `styles/`
 * @returns {Promise<void>} when its rules apply; a sheet that fails to load must not hold up what it would have dressed
 */
export function needStyleSheet(name) {
  const href = new URL(`../styles/${name}`, import.meta.url).href;
  if ([...document.querySelectorAll("link")].some((link) => link.href === href)) return Promise.resolve();
  const link = document.createElement("link");
  link.rel = "stylesheet";
  link.href = href;
  return new Promise((resolve) => {
    link.addEventListener("load", () => resolve());
    link.addEventListener("error", () => {
      link.remove();
      resolve();
    });
    document.head.append(link);
  });
}
