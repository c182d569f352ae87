const SLICE_MILLISECONDS = 12;

/**
 * Lets the page breathe during long reckoning: `await pause()` between small steps gives way when a slice of time has
 * been used up, and costs nothing otherwise.
 *
 * @param {number} [milliseconds] a slice
 * @returns {() => Promise<void> | undefined}
 */
export function slices(milliseconds = SLICE_MILLISECONDS) {
  let began = Date.now();
  return () => {
    if (Date.now() - began < milliseconds) return undefined;
    return new Promise((resolve) =>
      setTimeout(() => {
        began = Date.now();
        resolve();
      }, 0),
    );
  };
}
