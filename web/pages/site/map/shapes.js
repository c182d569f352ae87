import { emptyBounds, grow } from "./geometry.js";

/**
 * @typedef {import("../../../client/src/types.js").PlanArea} PlanArea
 * @typedef {import("./geometry.js").Point} Point
 * @typedef {import("./geometry.js").Bounds} Bounds
 */

/**
 * @typedef {object} Shape something drawn on the plan other than a seat
 * @property {Point[]} points its outline, in plan coordinates
 * @property {Bounds} bounds
 * @property {string} text
 * @property {string | undefined} color
 * @property {boolean} [isStage] whether it is the stage that nobody has drawn
 */

const ROUND_STEPS = 40;

/**
 * An area of the plan as an outline. pretix stores the size in a member named after the `shape`; older plans put
 * `width` and `height` next to the position.
 *
 * @param {PlanArea} area @param {Point} origin its zone's position
 * @returns {Shape | undefined} undefined if the plan does not give its size
 */
export function shapeOf(area, origin) {
  const lines = outline(area);
  if (!lines) return undefined;
  const at = { x: origin.x + (area.position?.x ?? 0), y: origin.y + (area.position?.y ?? 0) };
  const angle = ((area.rotation ?? 0) * Math.PI) / 180;
  const bounds = emptyBounds();
  const points = lines.map(({ x, y }) => {
    const point = {
      x: at.x + x * Math.cos(angle) - y * Math.sin(angle),
      y: at.y + x * Math.sin(angle) + y * Math.cos(angle),
    };
    grow(bounds, point.x, point.y);
    return point;
  });
  const text = typeof area.text === "string" ? area.text : area.text?.text ?? "";
  return { points, bounds, text: text.trim(), color: area.color };
}

/**
 * Where the stage is drawn that the plan doesn't show: among the seats if its point is, or else before them, on the side
 * that it is nearest to.
 * @param {Point} point @param {Bounds} seats all of them @param {number} spacing between neighbors
 * @returns {Shape}
 */
export function stageBefore(point, seats, spacing) {
  // How far outside; inside, the least deep.
  const ways = [
    { side: "top", out: seats.top - point.y },
    { side: "bottom", out: point.y - seats.bottom },
    { side: "left", out: seats.left - point.x },
    { side: "right", out: point.x - seats.right },
  ];
  const { side, out } = ways.reduce((best, way) => (way.out > best.out ? way : best));
  const depths = [seats.right - seats.left, seats.bottom - seats.top];
  if (out < -Math.min(...depths) / 6) return stageOf(around(point, 4 * spacing, 2 * spacing));
  const isFlat = side === "top" || side === "bottom";
  const along = isFlat ? seats.right - seats.left : seats.bottom - seats.top;
  const half = Math.max(4 * spacing, along / 6);
  const depth = Math.max(2.5 * spacing, along / 24);
  // The names of the sections in front stand in between.
  const gap = 3.5 * spacing;
  const middle = isFlat ? point.x : point.y;
  const bounds = {
    top: { left: middle - half, right: middle + half, top: seats.top - gap - depth, bottom: seats.top - gap },
    bottom: { left: middle - half, right: middle + half, top: seats.bottom + gap, bottom: seats.bottom + gap + depth },
    left: { left: seats.left - gap - depth, right: seats.left - gap, top: middle - half, bottom: middle + half },
    right: { left: seats.right + gap, right: seats.right + gap + depth, top: middle - half, bottom: middle + half },
  }[/** @type {"top" | "bottom" | "left" | "right"} */ (side)];
  return stageOf(bounds);
}

/** @param {Point} point @param {number} wide @param {number} high @returns {Bounds} half of which is on each side */
const around = ({ x, y }, wide, high) => ({ left: x - wide, right: x + wide, top: y - high, bottom: y + high });

/** @param {Bounds} bounds @returns {Shape} */
function stageOf(bounds) {
  const { left, right, top, bottom } = bounds;
  const points = [{ x: left, y: top }, { x: right, y: top }, { x: right, y: bottom }, { x: left, y: bottom }];
  return { points, bounds, text: "", color: undefined, isStage: true };
}

/** @param {PlanArea} area @returns {Point[] | undefined} */
function outline(area) {
  if (area.polygon) return area.polygon.points.length > 2 ? area.polygon.points : undefined;
  if (area.circle) return round(area.circle.radius, area.circle.radius);
  if (area.ellipse) return round(area.ellipse.radius.x, area.ellipse.radius.y);
  const flat = /** @type {{ width?: number, height?: number }} */ (area.rectangle ?? area);
  if (!flat.width || !flat.height) return undefined;
  return [
    { x: 0, y: 0 },
    { x: flat.width, y: 0 },
    { x: flat.width, y: flat.height },
    { x: 0, y: flat.height },
  ];
}

/** @param {number} radiusX @param {number} radiusY @returns {Point[] | undefined} */
function round(radiusX, radiusY) {
  if (!(radiusX > 0 && radiusY > 0)) return undefined;
  return Array.from({ length: ROUND_STEPS }, (_, step) => {
    const angle = (step / ROUND_STEPS) * 2 * Math.PI;
    return { x: radiusX * Math.cos(angle), y: radiusY * Math.sin(angle) };
  });
}
