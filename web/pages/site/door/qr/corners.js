/**
 * Which finders belong to one code: they stand at three corners of a square, seen obliquely.
 *
 * @typedef {import("./finders.js").Finder} Finder
 * @typedef {{ topLeft: Finder, topRight: Finder, bottomLeft: Finder }} Corners of a mirrored code the last two change
 */

/** So many finders are combined; those seen most often come first. */
const FINDERS_MOST = 30;
/** Modules between the centers of two finders: 14 in version 1, 170 in version 40, more or less. */
const MODULES_LEAST = 8;
const MODULES_MOST = 260;
/** The cosine of the angle at the corner, which is 0 from straight ahead. */
const COSINE_MOST = 0.7;
/** How many times as large as another a finder or a side may look; the nearest one is the largest. */
const ALIKE_MOST = 2.6;

/** @param {Finder[]} finders @returns {Corners[]} the most square ones first */
export function cornersOf(finders) {
  const some = finders.slice(0, FINDERS_MOST);
  /** @type {{ corners: Corners, fault: number }[]} */
  const found = [];
  some.forEach((first, i) => {
    some.slice(i + 1).forEach((second, j) => {
      if (!areAlike(first, second)) return;
      for (const third of some.slice(i + j + 2)) {
        if (!areAlike(first, third) || !areAlike(second, third)) continue;
        const rated = rate(first, second, third);
        if (rated) found.push(rated);
      }
    });
  });
  return found.sort((a, b) => a.fault - b.fault).map(({ corners }) => corners);
}

/** @param {Finder} a @param {Finder} b */
const areAlike = (a, b) => a.shade === b.shade && a.size < ALIKE_MOST * b.size && b.size < ALIKE_MOST * a.size;

/** @param {Finder} a @param {Finder} b */
const distance = (a, b) => Math.hypot(a.x - b.x, a.y - b.y);

/** @param {Finder} a @param {Finder} b @param {Finder} c */
function rate(a, b, c) {
  // The corner is opposite the longest side.
  let [topLeft, one, other] = [a, b, c];
  if (distance(a, c) > distance(one, other)) [topLeft, one, other] = [b, a, c];
  if (distance(a, b) > distance(one, other)) [topLeft, one, other] = [c, a, b];
  const lengths = [distance(topLeft, one), distance(topLeft, other)];
  const [shorter, longer] = [Math.min(...lengths), Math.max(...lengths)];
  const size = (a.size + b.size + c.size) / 3;
  if (shorter < MODULES_LEAST * size || longer > MODULES_MOST * size || longer > ALIKE_MOST * shorter) return undefined;
  const [ux, uy, vx, vy] = [one.x - topLeft.x, one.y - topLeft.y, other.x - topLeft.x, other.y - topLeft.y];
  const cosine = Math.abs(ux * vx + uy * vy) / (shorter * longer);
  if (cosine > COSINE_MOST) return undefined;
  const sizes = [a.size, b.size, c.size];
  const fault = Math.log(longer / shorter) + cosine + Math.log(Math.max(...sizes) / Math.min(...sizes));
  // The picture's y grows downwards, so the corner to the right comes first clockwise.
  const isClockwise = ux * vy - uy * vx > 0;
  const [topRight, bottomLeft] = isClockwise ? [one, other] : [other, one];
  return { corners: { topLeft, topRight, bottomLeft }, fault };
}
