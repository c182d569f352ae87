/**
 * @typedef {import("./geometry.js").Point} Point
 *
 * @typedef {object} GestureTarget receives the gestures, in pixels of the element
 * @property {(dx: number, dy: number) => void} pan
 * @property {(at: Point, factor: number) => boolean} zoom returns whether the zoom changed anything
 * @property {() => void} whole
 * @property {(at: Point, isTouch: boolean) => void} tap
 * @property {(at: Point, isTouch: boolean) => void} doubleTap
 * @property {(at: Point | undefined) => void} hover called with undefined when the pointer leaves
 * @property {(event: PointerEvent) => boolean} wantsRectangle whether this drag selects instead of moving the map
 * @property {(from: Point, to: Point, isDone: boolean) => void} rectangle
 * @property {() => void} rectangleCancelled
 */

const DOUBLE_TAP_MILLISECONDS = 300;
const DOUBLE_TAP_DISTANCE = 24;
const KEY_STEP = 64;
const KEY_ZOOM = 1.4;

/**
 * Translates touch, mouse, wheel and keyboard input into gestures on the map.
 * @param {HTMLElement} element @param {GestureTarget} target
 */
export function listenForGestures(element, target) {
  /** @type {Map<number, Point>} */
  const pointers = new Map();
  /** @type {Point | undefined} where the press began; undefined once it is more than a tap */
  let pressed;
  let isRectangle = false;
  /** @type {Point} */
  let from = { x: 0, y: 0 };
  let lastTap = { at: { x: 0, y: 0 }, time: -Infinity };

  const place = (/** @type {MouseEvent} */ event) => {
    const box = element.getBoundingClientRect();
    return { x: event.clientX - box.left - element.clientLeft, y: event.clientY - box.top - element.clientTop };
  };
  const pair = () => {
    const [one, other] = [...pointers.values()];
    if (!one || !other) return undefined;
    return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2, apart: Math.hypot(one.x - other.x, one.y - other.y) };
  };

  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const at = place(event);
    pointers.set(event.pointerId, at);
    // With capture, the pointer's moves and release arrive here wherever it goes.
    element.setPointerCapture(event.pointerId);
    if (pointers.size > 1) {
      pressed = undefined;
      if (isRectangle) target.rectangleCancelled();
      isRectangle = false;
      return;
    }
    pressed = at;
    from = at;
    isRectangle = target.wantsRectangle(event);
    if (event.pointerType !== "mouse") target.hover(undefined);
  });

  element.addEventListener("pointermove", (event) => {
    const at = place(event);
    const before = pointers.get(event.pointerId);
    if (!before) {
      if (event.pointerType === "mouse") target.hover(at);
      return;
    }
    const slack = event.pointerType === "mouse" ? 4 : 9;
    if (pressed && Math.hypot(at.x - from.x, at.y - from.y) <= slack) return;
    if (pressed) target.hover(undefined);
    pressed = undefined;
    const earlier = pair();
    pointers.set(event.pointerId, at);
    const now = pair();
    if (isRectangle) target.rectangle(from, at, false);
    else if (earlier && now) {
      target.pan(now.x - earlier.x, now.y - earlier.y);
      if (earlier.apart > 0) target.zoom(now, now.apart / earlier.apart);
    } else target.pan(at.x - before.x, at.y - before.y);
  });

  const end = (/** @type {PointerEvent} */ event) => {
    if (!pointers.delete(event.pointerId)) return;
    const at = place(event);
    const isCancelled = event.type === "pointercancel";
    if (isRectangle) {
      isRectangle = false;
      if (isCancelled || pressed) target.rectangleCancelled();
      else target.rectangle(from, at, true);
    }
    if (pressed && !isCancelled) tap(pressed, event.pointerType !== "mouse");
    pressed = undefined;
  };
  element.addEventListener("pointerup", end);
  element.addEventListener("pointercancel", end);
  element.addEventListener("pointerleave", () => target.hover(undefined));

  const tap = (/** @type {Point} */ at, /** @type {boolean} */ isTouch) => {
    const time = performance.now();
    const isNear = Math.hypot(at.x - lastTap.at.x, at.y - lastTap.at.y) < DOUBLE_TAP_DISTANCE;
    if (isNear && time - lastTap.time < DOUBLE_TAP_MILLISECONDS) {
      lastTap = { at, time: -Infinity };
      target.doubleTap(at, isTouch);
    } else {
      lastTap = { at, time };
      target.tap(at, isTouch);
    }
  };

  element.addEventListener(
    "wheel",
    (event) => {
      // Wheel deltas come in pixels, lines or pages.
      const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
      const speed = event.ctrlKey ? 0.01 : 0.0016;
      const factor = Math.exp(-Math.max(-400, Math.min(400, event.deltaY * unit)) * speed);
      // Fully zoomed out, leave the wheel to the page.
      if (target.zoom(place(event), factor)) event.preventDefault();
    },
    { passive: false },
  );

  element.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const centre = { x: element.clientWidth / 2, y: element.clientHeight / 2 };
    /** @type {Record<string, () => void>} */
    const keys = {
      ArrowLeft: () => target.pan(KEY_STEP, 0),
      ArrowRight: () => target.pan(-KEY_STEP, 0),
      ArrowUp: () => target.pan(0, KEY_STEP),
      ArrowDown: () => target.pan(0, -KEY_STEP),
      "+": () => target.zoom(centre, KEY_ZOOM),
      "=": () => target.zoom(centre, KEY_ZOOM),
      "-": () => target.zoom(centre, 1 / KEY_ZOOM),
      _: () => target.zoom(centre, 1 / KEY_ZOOM),
      0: () => target.whole(),
    };
    const act = keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  });
}
