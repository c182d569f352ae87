import { reservedOf } from "./grid.js";
import { correct } from "./reed-solomon.js";
import { blocksOf } from "./versions.js";

/**
 * The codewords of a code: where they are, unmasked, put back into blocks, and corrected (ISO/IEC 18004, 7.6 to 7.8).
 *
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./format.js").Format} Format
 */

/**
 * Which modules each mask inverts.
 * @type {((x: number, y: number) => boolean)[]}
 */
const MASKS = [
  (x, y) => (x + y) % 2 === 0,
  (_, y) => y % 2 === 0,
  (x) => x % 3 === 0,
  (x, y) => (x + y) % 3 === 0,
  (x, y) => (Math.floor(y / 2) + Math.floor(x / 3)) % 2 === 0,
  (x, y) => ((x * y) % 2) + ((x * y) % 3) === 0,
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2 === 0,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2 === 0,
];

/** @param {Grid} grid @param {number} mask @returns {Uint8Array} the codewords in the order in which they are placed */
function readCodewords({ version, width, modules }, mask) {
  const reserved = reservedOf(version).modules;
  const isInverted = /** @type {(x: number, y: number) => boolean} */ (MASKS[mask]);
  const codewords = [];
  let codeword = 0;
  let bits = 0;
  // Pairs of columns from the right, by turns upwards and downwards; the timing pattern's column is left out.
  for (let pair = 0; pair < (width - 1) / 2; pair += 1) {
    const right = width - 1 - 2 * pair;
    const column = right <= 6 ? right - 1 : right;
    for (let step = 0; step < width; step += 1) {
      const y = pair % 2 === 0 ? width - 1 - step : step;
      for (let x = column; x > column - 2; x -= 1) {
        const at = y * width + x;
        if (reserved[at]) continue;
        codeword = (codeword << 1) | ((modules[at] ?? 0) ^ Number(isInverted(x, y)));
        bits += 1;
        if (bits % 8 === 0) {
          codewords.push(codeword);
          codeword = 0;
        }
      }
    }
  }
  return Uint8Array.from(codewords);
}

/**
 * @param {Grid} grid @param {Format} format
 * @returns {Uint8Array | undefined} the data, if its errors can be corrected
 */
export function readData(grid, { level, mask }) {
  const codewords = readCodewords(grid, mask);
  const { checks, correctable, count } = blocksOf(grid.version, level);
  // The last blocks have one codeword of data more than the first.
  const shortLength = Math.floor(codewords.length / count) - checks;
  const shortCount = count - (codewords.length % count);
  const data = new Uint8Array(codewords.length - checks * count);
  let start = 0;
  for (let index = 0; index < count; index += 1) {
    const isLong = index >= shortCount;
    const length = shortLength + Number(isLong);
    const block = new Uint8Array(length + checks);
    for (let at = 0; at < shortLength; at += 1) block[at] = codewords[at * count + index] ?? 0;
    if (isLong) block[shortLength] = codewords[shortLength * count + index - shortCount] ?? 0;
    for (let at = 0; at < checks; at += 1) block[length + at] = codewords[data.length + at * count + index] ?? 0;
    if (!correct(block, checks, correctable)) return undefined;
    data.set(block.subarray(0, length), start);
    start += length;
  }
  return data;
}
