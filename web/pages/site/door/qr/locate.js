import { alignmentCenters, emptyGrid } from "./grid.js";
import { versionOf } from "./format.js";
import { fit, project } from "./perspective.js";
import { darkAt, edgeOf, findPattern, sample } from "./sight.js";
import { VERSION_MOST, widthOf } from "./versions.js";

/**
 * Where a code's modules are, from its three finders and its alignment patterns.
 *
 * @typedef {import("./binarize.js").Picture} Picture
 * @typedef {import("./corners.js").Corners} Corners
 * @typedef {import("./grid.js").Grid} Grid
 * @typedef {import("./perspective.js").Mapping} Mapping
 * @typedef {import("./perspective.js").Pair} Pair
 * @typedef {import("./perspective.js").Point} Point
 *
 * @typedef {object} Sizes of a module at each finder, in pixels, along the code's rows and along its columns
 * @property {{ along: number, down: number }} topLeft
 * @property {{ along: number, down: number }} topRight
 * @property {{ along: number, down: number }} bottomLeft
 */

/** The shades of patterns from their middle outwards, with the light around them that all have. */
const FINDER = [1, 1, 0, 1, 0];
const ALIGNMENT = [1, 0, 1];
/** How far an alignment pattern may be from where the finders let expect it, in modules. */
const ALIGNMENT_REACH = 2;
/** A pattern of which less is seen is taken for something else. */
const PART_LEAST = 0.85;
/** Where less of the finders or of the timing patterns is seen, there is no code; damage may hide some. */
const FINDERS_PART_LEAST = 0.75;
const TIMING_PART_LEAST = 0.7;

/**
 * The ways in which a code may stand in a picture, likely ones first, each sampled when asked for.
 * @param {Picture} picture @param {Corners} corners @returns {Generator<Grid, void>}
 */
export function* gridsAt(picture, corners) {
  const sizes = sizesOf(picture, corners);
  if (!sizes) return;
  for (const version of versionsOf(picture, corners, sizes)) {
    const mapping = firstMapping(corners, sizes, version);
    if (mapping) yield* gridsOf(picture, corners, mapping, version);
  }
}

/** @param {Point} from @param {Point} to @returns {Point & { length: number }} */
function directionOf(from, to) {
  const length = Math.hypot(to.x - from.x, to.y - from.y);
  return { x: (to.x - from.x) / length, y: (to.y - from.y) / length, length };
}

/** @param {Picture} picture @param {Corners} corners @returns {Sizes | undefined} */
function sizesOf(picture, { topLeft, topRight, bottomLeft }) {
  const along = directionOf(topLeft, topRight);
  const down = directionOf(topLeft, bottomLeft);
  /** @param {import("./finders.js").Finder} finder @param {Point} direction */
  const sizeAt = (finder, { x, y }) => {
    const forth = edgeOf(picture, finder, { x, y }, finder.shade, 9 * finder.size);
    const back = edgeOf(picture, finder, { x: -x, y: -y }, finder.shade, 9 * finder.size);
    return forth !== undefined && back !== undefined ? (forth + back) / 7 : undefined;
  };
  const sizes = [topLeft, topRight, bottomLeft].map((finder) => {
    const [a, d] = [sizeAt(finder, along), sizeAt(finder, down)];
    return a !== undefined && d !== undefined ? { along: a, down: d } : undefined;
  });
  const [first, second, third] = sizes;
  return first && second && third && { topLeft: first, topRight: second, bottomLeft: third };
}

/** @param {Picture} picture @param {Corners} corners @param {Sizes} sizes @returns {number[]} likely ones first */
function versionsOf(picture, corners, sizes) {
  const { topLeft, topRight, bottomLeft } = corners;
  // Along a line that is seen in perspective, the size of a module in the middle is the geometric mean of those at the
  // ends.
  const across = directionOf(topLeft, topRight).length / Math.sqrt(sizes.topLeft.along * sizes.topRight.along);
  const down = directionOf(topLeft, bottomLeft).length / Math.sqrt(sizes.topLeft.down * sizes.bottomLeft.down);
  const estimate = Math.round(((across + down) / 2 + 7 - 17) / 4);
  if (!(estimate >= 0 && estimate <= VERSION_MOST + 4)) return [];
  const told = estimate >= 6 ? toldVersion(picture, corners, sizes) : undefined;
  const likely = told === undefined ? [estimate, estimate - 1, estimate + 1] : [told];
  return likely.filter((version) => version >= 1 && version <= VERSION_MOST);
}

/**
 * The version that is written beside two of the finders.
 * @param {Picture} picture @param {Corners} corners @param {Sizes} sizes
 */
function toldVersion(picture, { topLeft, topRight, bottomLeft }, sizes) {
  const across = directionOf(topLeft, topRight);
  const downwards = directionOf(topLeft, bottomLeft);
  /** @param {import("./finders.js").Finder} finder @param {{ along: number, down: number }} size */
  const reader = (finder, size) => (/** @type {number} */ right, /** @type {number} */ below) => {
    const [a, d] = [right * size.along, below * size.down];
    const seen = darkAt(picture, finder.x + a * across.x + d * downwards.x, finder.y + a * across.y + d * downwards.y);
    return Number(seen === finder.shade);
  };
  const besideRight = reader(topRight, sizes.topRight);
  const aboveBottom = reader(bottomLeft, sizes.bottomLeft);
  const bits = [0, 0];
  // From the highest bit: the sixth row's third column, seen from the finder's center.
  for (let bit = 17; bit >= 0; bit -= 1) {
    const [far, near] = [Math.floor(bit / 3) - 3, (bit % 3) - 7];
    bits[0] = ((bits[0] ?? 0) << 1) | besideRight(near, far);
    bits[1] = ((bits[1] ?? 0) << 1) | aboveBottom(far, near);
  }
  return versionOf(bits[0] ?? 0) ?? versionOf(bits[1] ?? 0);
}

/**
 * By the finders alone: where modules look smaller, the code is farther away.
 * @param {Corners} corners @param {Sizes} sizes @param {number} version
 */
function firstMapping({ topLeft, topRight, bottomLeft }, sizes, version) {
  const far = widthOf(version) - 3.5;
  const right = Math.sqrt(sizes.topLeft.along / sizes.topRight.along);
  const below = Math.sqrt(sizes.topLeft.down / sizes.bottomLeft.down);
  const both = right + below - 1;
  if (both < 0.3) return undefined;
  const fourth = {
    x: (right * topRight.x + below * bottomLeft.x - topLeft.x) / both,
    y: (right * topRight.y + below * bottomLeft.y - topLeft.y) / both,
  };
  return fit([...finderPairs({ topLeft, topRight, bottomLeft }, version), { from: { x: far, y: far }, to: fourth }]);
}

/** @param {{ topLeft: Point, topRight: Point, bottomLeft: Point }} points @param {number} version @returns {Pair[]} */
function finderPairs({ topLeft, topRight, bottomLeft }, version) {
  const far = widthOf(version) - 3.5;
  return [
    { from: { x: 3.5, y: 3.5 }, to: topLeft },
    { from: { x: far, y: 3.5 }, to: topRight },
    { from: { x: 3.5, y: far }, to: bottomLeft },
  ];
}

/**
 * @param {Picture} picture @param {Corners} corners @param {Mapping} first @param {number} version
 * @returns {Generator<Grid, void>}
 */
function* gridsOf(picture, corners, first, version) {
  const { shade } = corners.topLeft;
  const finders = findersSeen(picture, corners, first, version);
  if (!finders) return;
  const seen = alignmentsSeen(picture, first, version, shade);
  const known = [...finders, ...seen];
  const mapping = known.length > 3 ? fit(known) : first;
  if (!mapping || !isTimed(picture, mapping, version)) return;
  const grid = emptyGrid(version);
  sample(picture, grid, () => mapping, shade);
  yield grid;
}

/**
 * @param {Picture} picture @param {Corners} corners @param {Mapping} mapping @param {number} version
 * @returns {Pair[] | undefined} the finders more exactly; undefined if they are none
 */
function findersSeen(picture, corners, mapping, version) {
  const pairs = [];
  for (const { from, to } of finderPairs(corners, version)) {
    const { point, part } = findPattern(picture, mapping, from, FINDER, 0.5, corners.topLeft.shade);
    if (part < FINDERS_PART_LEAST) return undefined;
    pairs.push({ from, to: part >= PART_LEAST ? point : to });
  }
  return pairs;
}

/**
 * @param {Picture} picture @param {Mapping} mapping @param {number} version
 * @returns {boolean} whether dark and light take turns between the finders
 */
function isTimed(picture, mapping, version) {
  const length = widthOf(version) - 16;
  let changes = 0;
  /** @type {[number, number][]} */
  const lines = [[1, 0], [0, 1]];
  for (const [along, down] of lines) {
    let last = -1;
    for (let at = 8; at < 8 + length; at += 1) {
      const point = project(mapping, 6.5 + along * (at - 6), 6.5 + down * (at - 6));
      const seen = darkAt(picture, point.x, point.y);
      changes += Number(last >= 0 && seen !== last);
      last = seen;
    }
  }
  return changes >= TIMING_PART_LEAST * 2 * (length - 1);
}

/**
 * @param {Picture} picture @param {Mapping} mapping @param {number} version @param {number} shade
 * @returns {Pair[]} the alignment patterns that are about where they should be
 */
function alignmentsSeen(picture, mapping, version, shade) {
  return alignmentCenters(version).flatMap(([x, y]) => {
    const from = { x: x + 0.5, y: y + 0.5 };
    const { point, part } = findPattern(picture, mapping, from, ALIGNMENT, ALIGNMENT_REACH, shade);
    return part >= PART_LEAST ? [{ from, to: point }] : [];
  });
}
