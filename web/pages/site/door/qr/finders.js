/**
 * Looks for finder patterns: from any side, dark and light take turns as 1 : 1 : 3 : 1 : 1 through the middle of one.
 *
 * @typedef {import("./binarize.js").Picture} Picture
 *
 * @typedef {object} Finder
 * @property {number} x of its center, in pixels
 * @property {number} y
 * @property {number} size of a module, about
 * @property {number} shade of its modules that are dark in a usual code: 1; light on dark: 0
 * @property {number} rows in how many rows of pixels it was seen
 */

/** More than stand in any picture of tickets; what looks like finders beyond is texture. */
const FINDERS_MOST = 100;
/** In pixels; smaller modules can't be read. */
const SIZE_LEAST = 1.2;
/** How far a run may be off, in modules. */
const SLACK = 0.6;

/** @param {Picture} picture @returns {Finder[]} those seen most often first */
export function findFinders(picture) {
  const { width, height, dark } = picture;
  /** @type {Finder[]} */
  const found = [];
  const step = height > 500 ? 2 : 1;
  const runs = new Int32Array(5);
  for (let y = 0; y < height; y += step) {
    makeRoom(found, y);
    runs.fill(0);
    let start = y * width;
    const end = start + width;
    for (let at = start + 1; at <= end; at += 1) {
      if (at < end && dark[at] === dark[at - 1]) continue;
      runs.copyWithin(0, 1);
      runs[4] = at - start;
      start = at;
      if (!isFinder(runs)) continue;
      const shade = dark[at - 1] ?? 0;
      const x = at - y * width - (runs[4] ?? 0) - (runs[3] ?? 0) - (runs[2] ?? 0) / 2;
      note(found, picture, x, y, total(runs) / 7, shade);
    }
  }
  return found.sort((a, b) => b.rows - a.rows);
}

/**
 * Forgets what was seen in one row only, as noise is.
 * @param {Finder[]} found @param {number} y the row that comes next
 */
function makeRoom(found, y) {
  if (found.length < FINDERS_MOST) return;
  for (let index = found.length - 1; index >= 0; index -= 1) {
    const { rows, y: middle, size } = /** @type {Finder} */ (found[index]);
    if (rows === 1 && y - middle > 2 * size + 2) found.splice(index, 1);
  }
}

/** @param {Int32Array} runs */
const total = (runs) => (runs[0] ?? 0) + (runs[1] ?? 0) + (runs[2] ?? 0) + (runs[3] ?? 0) + (runs[4] ?? 0);

/** @param {Int32Array} runs of pixels of the same shade @returns {boolean} whether they may cross a finder pattern */
function isFinder(runs) {
  if ((runs[0] ?? 0) === 0) return false;
  const size = total(runs) / 7;
  // The smallest patterns are off by half a pixel at each edge.
  const slack = Math.max(size * SLACK, 0.75);
  return (
    Math.abs((runs[0] ?? 0) - size) < slack &&
    Math.abs((runs[1] ?? 0) - size) < slack &&
    Math.abs((runs[2] ?? 0) - 3 * size) < 2 * slack &&
    Math.abs((runs[3] ?? 0) - size) < slack &&
    Math.abs((runs[4] ?? 0) - size) < slack
  );
}

/**
 * Adds what a row of pixels shows to the finders found so far.
 * @param {Finder[]} found @param {Picture} picture @param {number} x @param {number} y @param {number} size
 * @param {number} shade
 */
function note(found, picture, x, y, size, shade) {
  for (const known of found) {
    const isNear = Math.abs(known.x - x) < 1.5 * known.size && Math.abs(known.y - y) < 1.5 * known.size + 1;
    if (!isNear || known.shade !== shade) continue;
    known.rows += 1;
    return;
  }
  const down = cross(picture, x, y, 0, 1, size, shade);
  const across = down && cross(picture, x, down.y, 1, 0, size, shade);
  if (!across || !cross(picture, across.x, across.y, 1, 1, size, shade)) return;
  // Seen obliquely a pattern is longer one way, but not for ever.
  if (down.size > 3 * across.size || across.size > 3 * down.size) return;
  const seen = (across.size + down.size) / 2;
  if (seen < SIZE_LEAST || found.length >= FINDERS_MOST) return;
  found.push({ x: across.x, y: across.y, size: seen, shade, rows: 1 });
}

/**
 * Looks whether a pattern has its middle near a point also along another line.
 * @param {Picture} picture @param {number} x @param {number} y @param {number} dx @param {number} dy the line's step
 * @param {number} size @param {number} shade
 * @returns {{ x: number, y: number, size: number } | undefined} the pattern's middle on that line
 */
function cross(picture, x, y, dx, dy, size, shade) {
  const back = crossings(picture, x, y, -dx, -dy, size, shade);
  const forth = crossings(picture, x + dx, y + dy, dx, dy, size, shade);
  if (!back || !forth) return undefined;
  const runs = Int32Array.of(back[2], back[1], back[0] + forth[0], forth[1], forth[2]);
  if (!isFinder(runs)) return undefined;
  const shift = (forth[0] - back[0] + 1) / 2;
  return { x: x + shift * dx, y: y + shift * dy, size: total(runs) / 7 };
}

/**
 * The lengths of the first three runs from a point on.
 * @param {Picture} picture @param {number} x @param {number} y @param {number} dx @param {number} dy
 * @param {number} size @param {number} shade of the first
 * @returns {[number, number, number] | undefined}
 */
function crossings({ width, height, dark }, x, y, dx, dy, size, shade) {
  /** @type {[number, number, number]} */
  const lengths = [0, 0, 0];
  let column = Math.floor(x);
  let row = Math.floor(y);
  let run = 0;
  // Three modules and a half, at most thrice as long as on the other line.
  for (let left = Math.ceil(12 * size) + 3; left > 0; left -= 1, column += dx, row += dy) {
    if (column < 0 || row < 0 || column >= width || row >= height) break;
    if (dark[row * width + column] !== (run === 1 ? 1 - shade : shade)) {
      run += 1;
      if (run === 3) return lengths;
    }
    lengths[/** @type {0 | 1 | 2} */ (run)] += 1;
  }
  return run === 2 ? lengths : undefined;
}
