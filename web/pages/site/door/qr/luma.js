/**
 * Brightness, row by row.
 * @typedef {{ width: number, height: number, data: Uint8Array | Uint8ClampedArray }} Luma
 */

/** More than any frame that the door's camera sends. */
const PIXELS_MOST = 4_000_000;

/** @param {Luma} luma @returns {boolean} whether it is an image that can be worked on */
export function isImage({ width, height, data }) {
  const isWhole = Number.isInteger(width) && Number.isInteger(height) && width > 0 && height > 0;
  return isWhole && width * height <= PIXELS_MOST && data.length === width * height;
}

/** @param {{ width: number, height: number, data: Uint8ClampedArray }} image in RGBA @returns {Luma} */
export function lumaOf({ width, height, data }) {
  const luma = new Uint8Array(data.length >> 2);
  for (let at = 0, from = 0; at < luma.length; at += 1, from += 4) {
    // The weights of ITU-R BT.601, in 256ths.
    luma[at] = (77 * (data[from] ?? 0) + 150 * (data[from + 1] ?? 0) + 29 * (data[from + 2] ?? 0)) >> 8;
  }
  return { width, height, data: luma };
}

/** @param {Luma} luma @returns {Luma} with half as many pixels each way, which has less noise */
export function halved({ width, height, data }) {
  const columns = width >> 1;
  const rows = height >> 1;
  const half = new Uint8Array(columns * rows);
  for (let y = 0; y < rows; y += 1) {
    let from = 2 * y * width;
    for (let at = y * columns; at < (y + 1) * columns; at += 1, from += 2) {
      const above = (data[from] ?? 0) + (data[from + 1] ?? 0);
      half[at] = (above + (data[from + width] ?? 0) + (data[from + width + 1] ?? 0) + 2) >> 2;
    }
  }
  return { width: columns, height: rows, data: half };
}
