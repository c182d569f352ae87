/**
 * How the plan is mapped to the screen: a plan point times `scale`, shifted by `x` and `y`, is a screen point.
 *
 * @typedef {{ scale: number, x: number, y: number }} View
 * @typedef {{ width: number, height: number }} Size
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./geometry.js").Bounds} Bounds
 * @typedef {{ least: number, most: number }} Limits the range of the scale
 */

/**
 * The largest view that shows all of the bounds, centered.
 * @param {Bounds} bounds @param {Size} size of the screen @param {number} padding in screen pixels
 * @param {number} [most] the largest scale allowed
 * @returns {View}
 */
export function fit(bounds, size, padding, most = Infinity) {
  const wide = Math.max(bounds.right - bounds.left, 1e-6);
  const high = Math.max(bounds.bottom - bounds.top, 1e-6);
  const space = { width: Math.max(size.width - 2 * padding, 1), height: Math.max(size.height - 2 * padding, 1) };
  const scale = Math.min(space.width / wide, space.height / high, most);
  return {
    scale,
    x: size.width / 2 - ((bounds.left + bounds.right) / 2) * scale,
    y: size.height / 2 - ((bounds.top + bounds.bottom) / 2) * scale,
  };
}

/**
 * Zooms while keeping whatever is under a point under it.
 * @param {View} view @param {Point} point on the screen @param {number} factor @param {Limits} limits
 * @returns {View}
 */
export function zoomAt(view, point, factor, limits) {
  const scale = Math.min(limits.most, Math.max(limits.least, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio };
}

/**
 * Keeps the plan on the screen: centered while it is smaller than the screen, else with no edge further inside than the
 * margin.
 * @param {View} view @param {Bounds} bounds @param {Size} size @param {number} margin in pixels
 * @returns {View}
 */
export function clamp(view, bounds, size, margin) {
  return {
    scale: view.scale,
    x: clampAxis(view.x, bounds.left * view.scale, bounds.right * view.scale, size.width, margin),
    y: clampAxis(view.y, bounds.top * view.scale, bounds.bottom * view.scale, size.height, margin),
  };
}

/** @param {number} offset @param {number} from @param {number} to @param {number} extent @param {number} margin */
function clampAxis(offset, from, to, extent, margin) {
  if (to - from + 2 * margin <= extent) return extent / 2 - (from + to) / 2;
  return Math.min(margin - from, Math.max(extent - margin - to, offset));
}

/** @param {View} view @param {Point} point on the screen @returns {Point} on the plan */
export function toPlan(view, point) {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** @param {View} view @param {Size} size @returns {Bounds} the part of the plan that is on screen */
export function visible(view, size) {
  const from = toPlan(view, { x: 0, y: 0 });
  const to = toPlan(view, { x: size.width, y: size.height });
  return { left: from.x, top: from.y, right: to.x, bottom: to.y };
}

/**
 * A view on the way from one to another that the eye can follow: the scale changes geometrically, and the point that
 * both views show in the same place stays put.
 * @param {View} from @param {View} to @param {number} progress 0 to 1
 * @returns {View}
 */
export function between(from, to, progress) {
  if (progress >= 1) return to;
  const ratio = to.scale / from.scale;
  const scale = from.scale * ratio ** progress;
  const share = Math.abs(ratio - 1) < 1e-6 ? progress : (scale / from.scale - 1) / (ratio - 1);
  return { scale, x: from.x + (to.x - from.x) * share, y: from.y + (to.y - from.y) * share };
}
