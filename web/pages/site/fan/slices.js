const SLICE_MILLISECONDS = 12;

/**
 * Keeps the page responsive during a long computation: `await pause()` between small steps yields once a time slice is
 * used up, and costs nothing otherwise.
 *
 * @param {number} [milliseconds] the length of a slice
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
