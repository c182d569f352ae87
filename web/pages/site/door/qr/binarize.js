/**
 * Which pixels are dark, in uneven light: a threshold for each block of pixels, halfway between the darkest and the
 * brightest around it.
 *
 * @typedef {import("./luma.js").Luma} Luma
 *
 * @typedef {object} Picture
 * @property {number} width
 * @property {number} height
 * @property {Luma["data"]} luma
 * @property {Uint8Array} dark 1 for each dark pixel
 * @property {Uint8Array} thresholds one for each block
 * @property {number} columns blocks side by side
 */

/** The side of a block, as a power of two. */
const BLOCK_BITS = 3;
const BLOCK = 1 << BLOCK_BITS;
/** How many blocks each way are looked at, at first and where those have no contrast: inside a large pattern. */
const NEAR = 3;
const FAR = 12;
/** Nearby contrast counts if it is this part of that farther away. */
const CONTRAST_PART = 0.5;
/** Less is a wall, not a code. */
const CONTRAST_LEAST = 20;

/** @param {Luma} image @returns {Picture} */
export function binarize({ width, height, data }) {
  const columns = (width + BLOCK - 1) >> BLOCK_BITS;
  const rows = (height + BLOCK - 1) >> BLOCK_BITS;
  const { darkest, brightest } = extremes({ width, height, data }, columns, rows);
  const thresholds = thresholdsOf(darkest, brightest, columns, rows);
  const dark = new Uint8Array(width * height);
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = (y >> BLOCK_BITS) * columns;
    for (let x = 0; x < width; x += 1, at += 1) {
      dark[at] = (data[at] ?? 0) < (thresholds[row + (x >> BLOCK_BITS)] ?? 0) ? 1 : 0;
    }
  }
  return { width, height, luma: data, dark, thresholds, columns };
}

/** @param {Picture} picture @param {number} x @param {number} y @returns {number} the threshold of a pixel */
export function thresholdAt({ thresholds, columns }, x, y) {
  return thresholds[(y >> BLOCK_BITS) * columns + (x >> BLOCK_BITS)] ?? 0;
}

/** @param {Luma} image @param {number} columns @param {number} rows */
function extremes({ width, height, data }, columns, rows) {
  const darkest = new Uint8Array(columns * rows).fill(255);
  const brightest = new Uint8Array(columns * rows);
  for (let y = 0, at = 0; y < height; y += 1) {
    const row = (y >> BLOCK_BITS) * columns;
    for (let x = 0; x < width; x += 1, at += 1) {
      const block = row + (x >> BLOCK_BITS);
      const value = data[at] ?? 0;
      if (value < (darkest[block] ?? 0)) darkest[block] = value;
      if (value > (brightest[block] ?? 0)) brightest[block] = value;
    }
  }
  return { darkest, brightest };
}

/** @param {Uint8Array} darkest @param {Uint8Array} brightest @param {number} columns @param {number} rows */
function thresholdsOf(darkest, brightest, columns, rows) {
  const nearDark = spread(darkest, columns, rows, NEAR, Math.min);
  const nearBright = spread(brightest, columns, rows, NEAR, Math.max);
  const farDark = spread(nearDark, columns, rows, FAR - NEAR, Math.min);
  const farBright = spread(nearBright, columns, rows, FAR - NEAR, Math.max);
  const thresholds = new Uint8Array(columns * rows);
  for (let block = 0; block < thresholds.length; block += 1) {
    const near = (nearBright[block] ?? 0) - (nearDark[block] ?? 0);
    const far = (farBright[block] ?? 0) - (farDark[block] ?? 0);
    if (far < CONTRAST_LEAST) continue;
    const isNear = near >= far * CONTRAST_PART;
    const [low, high] = isNear ? [nearDark, nearBright] : [farDark, farBright];
    thresholds[block] = ((low[block] ?? 0) + (high[block] ?? 0) + 1) >> 1;
  }
  return thresholds;
}

/**
 * @param {Uint8Array} values @param {number} columns @param {number} rows
 * @param {number} reach how far each way @param {(a: number, b: number) => number} choose
 * @returns {Uint8Array} for each block the chosen value of those around it
 */
function spread(values, columns, rows, reach, choose) {
  const across = new Uint8Array(values.length);
  const all = new Uint8Array(values.length);
  for (let y = 0; y < rows; y += 1) {
    for (let x = 0; x < columns; x += 1) {
      let value = values[y * columns + x] ?? 0;
      const last = Math.min(columns - 1, x + reach);
      for (let other = Math.max(0, x - reach); other <= last; other += 1) {
        value = choose(value, values[y * columns + other] ?? 0);
      }
      across[y * columns + x] = value;
    }
  }
  for (let y = 0; y < rows; y += 1) {
    const last = Math.min(rows - 1, y + reach);
    for (let x = 0; x < columns; x += 1) {
      let value = across[y * columns + x] ?? 0;
      for (let other = Math.max(0, y - reach); other <= last; other += 1) {
        value = choose(value, across[other * columns + x] ?? 0);
      }
      all[y * columns + x] = value;
    }
  }
  return all;
}
