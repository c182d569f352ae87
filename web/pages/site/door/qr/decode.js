import { binarize } from "./binarize.js";
import { cornersOf } from "./corners.js";
import { findFinders } from "./finders.js";
import { gridsAt } from "./locate.js";
import { halved, isImage } from "./luma.js";
import { readSymbol } from "./symbol.js";

/**
 * Reads QR codes (ISO/IEC 18004) in a picture. The work for any picture is bounded: so many finders, so many of their
 * combinations, so many ways in which each may be a code.
 *
 * @typedef {import("./luma.js").Luma} Luma
 * @typedef {import("./corners.js").Corners} Corners
 * @typedef {{ text: string, x: number, y: number }} Code with its middle, in pixels
 */

/** Codes to read in one picture: one is wanted, and whether there are more. */
const CODES_MOST = 3;
/** Combinations of finders to try in one picture. */
const TRIES_MOST = 12;

/** @param {Luma} image @returns {Code[]} none for what is no image */
export function decode(image) {
  if (!isImage(image)) return [];
  // A large code is read faster in a smaller picture, which has less noise, too.
  const half = halved(image);
  const found = half.width > 0 && half.height > 0 ? codesIn(half) : [];
  if (found.length > 0) return found.map(({ text, x, y }) => ({ text, x: 2 * x, y: 2 * y }));
  return codesIn(image);
}

/** @param {Luma} image @returns {Code[]} */
function codesIn(image) {
  const picture = binarize(image);
  /** @type {Code[]} */
  const codes = [];
  /** @type {Set<import("./finders.js").Finder>} */
  const used = new Set();
  let tries = 0;
  for (const corners of cornersOf(findFinders(picture))) {
    const finders = [corners.topLeft, corners.topRight, corners.bottomLeft];
    if (finders.some((finder) => used.has(finder))) continue;
    if (codes.length === CODES_MOST || tries === TRIES_MOST) break;
    tries += 1;
    const text = textAt(picture, corners);
    if (text === undefined) continue;
    for (const finder of finders) used.add(finder);
    const [, right, below] = finders;
    codes.push({ text, x: ((right?.x ?? 0) + (below?.x ?? 0)) / 2, y: ((right?.y ?? 0) + (below?.y ?? 0)) / 2 });
  }
  return codes;
}

/** @param {import("./binarize.js").Picture} picture @param {Corners} corners */
function textAt(picture, corners) {
  for (const grid of gridsAt(picture, corners)) {
    const text = readSymbol(grid);
    // A code without text is of no use to anybody.
    if (text) return text;
  }
  return undefined;
}
