import { thresholdAt } from "./binarize.js";
import { project } from "./perspective.js";

/**
 * What a picture shows at a place of the code.
 *
 * @typedef {import("./binarize.js").Picture} Picture
 * @typedef {import("./perspective.js").Point} Point
 * @typedef {import("./perspective.js").Mapping} Mapping
 * @typedef {import("./grid.js").Grid} Grid
 */

/** @param {Picture} picture @param {number} x @param {number} y @returns {number} 1 if dark; 0 also outside */
export function darkAt({ width, height, dark }, x, y) {
  const column = Math.floor(x);
  const row = Math.floor(y);
  if (!(column >= 0 && row >= 0 && column < width && row < height)) return 0;
  return dark[row * width + column] ?? 0;
}

/** @param {Picture} picture @param {number} x @param {number} y @returns {number} below 0 where it is dark */
function brightnessAt(picture, x, y) {
  const { width, height, luma } = picture;
  // Pixels' centers are at halves.
  const left = Math.floor(x - 0.5);
  const top = Math.floor(y - 0.5);
  if (!(left >= 0 && top >= 0 && left < width - 1 && top < height - 1)) return 0;
  const [right, below] = [x - 0.5 - left, y - 0.5 - top];
  const at = top * width + left;
  const upper = (luma[at] ?? 0) * (1 - right) + (luma[at + 1] ?? 0) * right;
  const lower = (luma[at + width] ?? 0) * (1 - right) + (luma[at + width + 1] ?? 0) * right;
  return upper * (1 - below) + lower * below - thresholdAt(picture, Math.floor(x), Math.floor(y)) + 0.5;
}

/** Where in a module to look, from its corner: its middle counts most, and noise evens out. */
const LOOKS = /** @type {const} */ ([[0.5, 0.5], [0.5, 0.5], [0.3, 0.3], [0.7, 0.3], [0.3, 0.7], [0.7, 0.7]]);

/**
 * Reads a code's modules.
 * @param {Picture} picture @param {Grid} grid to fill @param {(x: number, y: number) => Mapping} mappingAt
 * @param {number} shade
 */
export function sample(picture, grid, mappingAt, shade) {
  for (let y = 0, at = 0; y < grid.width; y += 1) {
    for (let x = 0; x < grid.width; x += 1, at += 1) {
      const mapping = mappingAt(x, y);
      let brightness = 0;
      for (const [dx, dy] of LOOKS) {
        const point = project(mapping, x + dx, y + dy);
        brightness += brightnessAt(picture, point.x, point.y);
      }
      grid.modules[at] = brightness < 0 === (shade === 1) ? 1 : 0;
    }
  }
}

/**
 * @param {Picture} picture @param {Point} point @param {Point} direction of length 1
 * @param {number} shade at the point @param {number} most pixels to go
 * @returns {number | undefined} how far it is from a finder's center to its edge
 */
export function edgeOf(picture, point, direction, shade, most) {
  let current = shade;
  let edges = 0;
  for (let gone = 0; gone < most; gone += 0.5) {
    const seen = darkAt(picture, point.x + gone * direction.x, point.y + gone * direction.y);
    if (seen === current) continue;
    current = seen;
    edges += 1;
    if (edges === 3) return gone - 0.25;
  }
  return undefined;
}

/**
 * Looks for the middle of a pattern of squares within squares near where it should be.
 * @param {Picture} picture @param {Mapping} mapping @param {Point} center where it should be, in modules
 * @param {number[]} rings the shades of its modules from the middle outwards: 1 for dark
 * @param {number} reach how far to look, in modules
 * @param {number} shade
 * @returns {{ point: Point, part: number }} where it is in the picture, and how much of it was seen
 */
export function findPattern(picture, mapping, center, rings, reach, shade) {
  const origin = project(mapping, center.x, center.y);
  const right = project(mapping, center.x + 1, center.y);
  const below = project(mapping, center.x, center.y + 1);
  const [ux, uy, vx, vy] = [right.x - origin.x, right.y - origin.y, below.x - origin.x, below.y - origin.y];
  const radius = rings.length - 1;
  /** @param {number} a @param {number} b an offset in modules @returns {number} how many modules fit there */
  const score = (a, b) => {
    let fitting = 0;
    for (let j = -radius; j <= radius; j += 1) {
      for (let i = -radius; i <= radius; i += 1) {
        const seen = darkAt(picture, origin.x + (a + i) * ux + (b + j) * vx, origin.y + (a + i) * uy + (b + j) * vy);
        if ((seen === shade) === (rings[Math.max(Math.abs(i), Math.abs(j))] === 1)) fitting += 1;
      }
    }
    return fitting;
  };
  const rough = bestOffset(score, { x: 0, y: 0 }, reach, 0.5);
  const fine = bestOffset(score, rough, 0.75, 0.125);
  const point = { x: origin.x + fine.x * ux + fine.y * vx, y: origin.y + fine.x * uy + fine.y * vy };
  return { point, part: fine.best / (2 * radius + 1) ** 2 };
}

/**
 * @param {(a: number, b: number) => number} score @param {Point} around @param {number} reach @param {number} step
 * @returns {Point & { best: number }} the middle of the best offsets; of equally good ones nearby, not of all
 */
function bestOffset(score, around, reach, step) {
  let [best, x, y, count] = [-1, 0, 0, 0];
  const steps = Math.round(reach / step);
  for (let j = -steps; j <= steps; j += 1) {
    for (let i = -steps; i <= steps; i += 1) {
      const [a, b] = [around.x + i * step, around.y + j * step];
      const value = score(a, b);
      if (value < best) continue;
      if (value > best) [best, x, y, count] = [value, 0, 0, 0];
      else if (Math.hypot(a - x / count, b - y / count) > 1) continue;
      x += a;
      y += b;
      count += 1;
    }
  }
  return { x: x / count, y: y / count, best };
}
