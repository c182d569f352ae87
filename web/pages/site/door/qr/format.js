import { moduleAt } from "./grid.js";
import { VERSION_MOST } from "./versions.js";

/**
 * The format and the version that a code says it has, each with a BCH code (ISO/IEC 18004, 7.9, 7.10, annexes C and D).
 *
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./versions.js").Level} Level
 * @typedef {{ level: Level, mask: number }} Format
 */

/** By the two bits that say it. */
const LEVELS = /** @type {const} */ (["M", "L", "H", "Q"]);
const FORMAT_MASK = 0x5412;
/** Both codes have a distance of at least seven. */
const ERRORS_MOST = 3;

/** @param {number} data @param {number} checks how many bits to append @param {number} generator */
function withChecks(data, checks, generator) {
  let rest = data << checks;
  for (let bit = 31; bit >= checks; bit -= 1) if ((rest >>> bit) & 1) rest ^= generator << (bit - checks);
  return (data << checks) | rest;
}

const FORMATS = Array.from({ length: 32 }, (_, data) => withChecks(data, 10, 0x537) ^ FORMAT_MASK);
const VERSIONS = Array.from({ length: VERSION_MOST + 1 }, (_, version) => withChecks(version, 12, 0x1f25));

/** @param {number} bits */
function countOnes(bits) {
  let count = 0;
  for (let rest = bits; rest !== 0; rest &= rest - 1) count += 1;
  return count;
}

/**
 * @param {number[]} words @param {number} first the first index to consider @param {number} read
 * @returns {{ index: number, errors: number } | undefined}
 */
function nearest(words, first, read) {
  for (let index = first; index < words.length; index += 1) {
    const errors = countOnes((words[index] ?? 0) ^ read);
    if (errors <= ERRORS_MOST) return { index, errors };
  }
  return undefined;
}

/** @param {number} bit @returns {[number, number]} around the finder at the top left, past the timing patterns */
function firstPlace(bit) {
  if (bit < 8) return [8, bit < 6 ? bit : bit + 1];
  return [bit === 8 ? 7 : 14 - bit, 8];
}

/** @param {Grid} grid @returns {Format | undefined} by the better of its two copies */
export function readFormat(grid) {
  let first = 0;
  let second = 0;
  for (let bit = 14; bit >= 0; bit -= 1) {
    first = (first << 1) | moduleAt(grid, ...firstPlace(bit));
    const isBelow = bit >= 8;
    second = (second << 1) | moduleAt(grid, isBelow ? 8 : grid.width - 1 - bit, isBelow ? grid.width - 15 + bit : 8);
  }
  const copies = [first, second].flatMap((copy) => nearest(FORMATS, 0, copy) ?? []);
  const best = copies.sort((a, b) => a.errors - b.errors)[0];
  const level = best && LEVELS[best.index >> 3];
  return level && { level, mask: best.index & 7 };
}

/** @param {number} bits 18 of them @returns {number | undefined} the version that they mean, from 7 on */
export function versionOf(bits) {
  return nearest(VERSIONS, 7, bits)?.index;
}
