/**
 * What codes of a size and a level of error correction have (ISO/IEC 18004, tables 1, 9 and E.1).
 *
 * @typedef {"L" | "M" | "Q" | "H"} Level
 */

export const VERSION_MOST = 40;

/**
 * Error correction codewords of each block, from version 1 on.
 * @type {Record<Level, number[]>}
 */
const CHECKS = {
  L: [
    7, 10, 15, 20, 26, 18, 20, 24, 30, 18, 20, 24, 26, 30, 22, 24, 28, 30, 28, 28, 28, 28, 30, 30, 26, 28, 30, 30, 30,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
  M: [
    10, 16, 26, 18, 24, 16, 18, 22, 22, 26, 30, 22, 22, 24, 24, 28, 28, 26, 26, 26, 26, 28, 28, 28, 28, 28, 28, 28, 28,
    28, 28, 28, 28, 28, 28, 28, 28, 28, 28, 28,
  ],
  Q: [
    13, 22, 18, 26, 18, 24, 18, 22, 20, 24, 28, 26, 24, 20, 30, 24, 28, 28, 26, 30, 28, 30, 30, 30, 30, 28, 30, 30, 30,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
  H: [
    17, 28, 22, 16, 22, 28, 26, 26, 24, 28, 24, 28, 22, 24, 24, 30, 28, 28, 26, 28, 30, 24, 30, 30, 30, 30, 30, 30, 30,
    30, 30, 30, 30, 30, 30, 30, 30, 30, 30, 30,
  ],
};

/**
 * How many blocks there are.
 * @type {Record<Level, number[]>}
 */
const BLOCKS = {
  L: [
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8, 8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19,
    19, 20, 21, 22, 24, 25,
  ],
  M: [
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16, 17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33,
    35, 37, 38, 40, 43, 45, 47, 49,
  ],
  Q: [
    1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20, 23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45,
    48, 51, 53, 56, 59, 62, 65, 68,
  ],
  H: [
    1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25, 25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51,
    54, 57, 60, 63, 66, 70, 74, 77, 81,
  ],
};

/** Codewords that the smallest versions keep for noticing a misreading instead of for correction (table 9). */
const KEPT_BACK = /** @type {Record<string, number>} */ ({ "1L": 3, "1M": 2, "1Q": 1, "1H": 1, "2L": 2, "3L": 1 });

/** @param {number} version */
export const widthOf = (version) => 17 + 4 * version;

/** @param {number} version @param {Level} level */
export function blocksOf(version, level) {
  const checks = CHECKS[level][version - 1] ?? 0;
  const correctable = (checks - (KEPT_BACK[version + level] ?? 0)) >> 1;
  return { checks, correctable, count: BLOCKS[level][version - 1] ?? 1 };
}

/** @param {number} version @returns {number[]} the rows, and columns, of the centers of alignment patterns */
export function alignmentsOf(version) {
  if (version === 1) return [];
  const count = Math.floor(version / 7) + 2;
  const last = widthOf(version) - 7;
  // Version 32 alone doesn't follow the rule.
  const step = version === 32 ? 26 : 2 * Math.ceil((version * 4 + 4) / (count * 2 - 2));
  return Array.from({ length: count }, (_, index) => (index === 0 ? 6 : last - step * (count - 1 - index)));
}
