/**
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ left: number, top: number, right: number, bottom: number }} Bounds
 */

/** @returns {Bounds} of nothing; extend them with `grow` */
export function emptyBounds() {
  return { left: Infinity, top: Infinity, right: -Infinity, bottom: -Infinity };
}

/** @param {Bounds} bounds @param {number} x @param {number} y */
export function grow(bounds, x, y) {
  if (x < bounds.left) bounds.left = x;
  if (x > bounds.right) bounds.right = x;
  if (y < bounds.top) bounds.top = y;
  if (y > bounds.bottom) bounds.bottom = y;
}

/** @param {Bounds} bounds */
export const isEmpty = (bounds) => bounds.left > bounds.right;

/** @param {Bounds} bounds @param {number} margin @returns {Bounds} */
export function widened(bounds, margin) {
  return {
    left: bounds.left - margin,
    top: bounds.top - margin,
    right: bounds.right + margin,
    bottom: bounds.bottom + margin,
  };
}

/** @param {Bounds} one @param {Bounds} other */
export function meet(one, other) {
  return one.left <= other.right && other.left <= one.right && one.top <= other.bottom && other.top <= one.bottom;
}

/** @param {Bounds} bounds @returns {Point} */
export function middle(bounds) {
  return { x: (bounds.left + bounds.right) / 2, y: (bounds.top + bounds.bottom) / 2 };
}

/**
 * The convex hull (Andrew's monotone chain), clockwise on a screen.
 * @param {Point[]} points @returns {Point[]}
 */
export function hull(points) {
  const sorted = [...points].sort((a, b) => a.x - b.x || a.y - b.y);
  if (sorted.length < 3) return sorted;
  const turn = (/** @type {Point} */ o, /** @type {Point} */ a, /** @type {Point} */ b) =>
    (a.x - o.x) * (b.y - o.y) - (a.y - o.y) * (b.x - o.x);
  const chain = (/** @type {Point[]} */ from) => {
    /** @type {Point[]} */
    const kept = [];
    for (const point of from) {
      while (kept.length > 1 && turn(/** @type {Point} */ (kept.at(-2)), /** @type {Point} */ (kept.at(-1)), point) <= 0) {
        kept.pop();
      }
      kept.push(point);
    }
    kept.pop();
    return kept;
  };
  return [...chain(sorted), ...chain(sorted.reverse())];
}

/** @param {Point[]} polygon @param {number} x @param {number} y */
export function contains(polygon, x, y) {
  let isInside = false;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const a = /** @type {Point} */ (polygon[i]);
    const b = /** @type {Point} */ (polygon[j]);
    if (a.y > y !== b.y > y && x < ((b.x - a.x) * (y - a.y)) / (b.y - a.y) + a.x) isInside = !isInside;
  }
  return isInside;
}

/** @param {Point[]} polygon @param {number} x @param {number} y @returns {number} the distance to the nearest edge */
export function distanceToEdge(polygon, x, y) {
  let least = Infinity;
  for (let i = 0, j = polygon.length - 1; i < polygon.length; j = i, i += 1) {
    const a = /** @type {Point} */ (polygon[j]);
    const b = /** @type {Point} */ (polygon[i]);
    const dx = b.x - a.x;
    const dy = b.y - a.y;
    const length = dx * dx + dy * dy;
    const along = length === 0 ? 0 : Math.min(1, Math.max(0, ((x - a.x) * dx + (y - a.y) * dy) / length));
    least = Math.min(least, Math.hypot(x - a.x - along * dx, y - a.y - along * dy));
  }
  return least;
}
