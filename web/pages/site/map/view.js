/**
 * How the plan lies on the screen: a point of the plan times `scale`, moved by `x` and `y`, is one of the screen.
 *
 * @typedef {{ scale: number, x: number, y: number }} View
 * @typedef {{ width: number, height: number }} Size
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./geometry.js").Bounds} Bounds
 * @typedef {{ least: number, most: number }} Limits of the scale
 */

/**
 * The largest view that shows all of the bounds, in the middle.
 * @param {Bounds} bounds @param {Size} size of the screen @param {number} padding in pixels of the screen
 * @param {number} [most] no larger than this
 * @returns {View}
 */
export function fit(bounds, size, padding, most = Infinity) {
  const wide = Math.max(bounds.right - bounds.left, 1e-6);
  const high = Math.max(bounds.bottom - bounds.top, 1e-6);
  const room = { width: Math.max(size.width - 2 * padding, 1), height: Math.max(size.height - 2 * padding, 1) };
  const scale = Math.min(room.width / wide, room.height / high, most);
  return {
    scale,
    x: size.width / 2 - ((bounds.left + bounds.right) / 2) * scale,
    y: size.height / 2 - ((bounds.top + bounds.bottom) / 2) * scale,
  };
}

/**
 * Zooms so that what is under a point stays under it.
 * @param {View} view @param {Point} point of the screen @param {number} factor @param {Limits} limits
 * @returns {View}
 */
export function zoomAt(view, point, factor, limits) {
  const scale = Math.min(limits.most, Math.max(limits.least, view.scale * factor));
  const ratio = scale / view.scale;
  return { scale, x: point.x - (point.x - view.x) * ratio, y: point.y - (point.y - view.y) * ratio };
}

/**
 * Keeps the plan on the screen: in the middle while it is smaller than that, else without an edge drawn further in
 * than the margin.
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

/** @param {number} offset @param {number} from @param {number} to @param {number} room @param {number} margin */
function clampAxis(offset, from, to, room, margin) {
  if (to - from + 2 * margin <= room) return room / 2 - (from + to) / 2;
  return Math.min(margin - from, Math.max(room - margin - to, offset));
}

/** @param {View} view @param {Point} point of the screen @returns {Point} of the plan */
export function toPlan(view, point) {
  return { x: (point.x - view.x) / view.scale, y: (point.y - view.y) / view.scale };
}

/** @param {View} view @param {Size} size @returns {Bounds} the part of the plan that is on the screen */
export function visible(view, size) {
  const from = toPlan(view, { x: 0, y: 0 });
  const to = toPlan(view, { x: size.width, y: size.height });
  return { left: from.x, top: from.y, right: to.x, bottom: to.y };
}

/**
 * On the way from one view to another, along which the eye can follow: the scale grows evenly by factors, and the
 * point that both views show in the same place stays there.
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
