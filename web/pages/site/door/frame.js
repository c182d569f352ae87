/** @typedef {import("./aim.js").Part} Part */

/** A frame's short side, in pixels: enough for a code of a hand's width, and little work for a phone. */
const SHORT_SIDE = 720;

/**
 * Where to look in what is shown of the camera's picture. Of a picture with more pixels than needed, by turns all of
 * it, smaller, and its middle as it is, for a code that is far away.
 * @param {Part} shown @param {number} turn counts frames
 * @returns {{ part: Part, width: number, height: number }} the part, and the frame's size
 */
export function frameFor(shown, turn) {
  const scale = Math.min(1, SHORT_SIDE / Math.min(shown.width, shown.height));
  const [width, height] = [Math.round(shown.width * scale), Math.round(shown.height * scale)];
  if (scale === 1 || turn % 2 === 0) return { part: shown, width, height };
  const [x, y] = [shown.x + (shown.width - width) / 2, shown.y + (shown.height - height) / 2];
  return { part: { x, y, width, height }, width, height };
}

/** Takes frames from a video; it keeps one canvas for all of them. */
export class FrameGrabber {
  #context = document.createElement("canvas").getContext("2d", { willReadFrequently: true, alpha: false });

  /**
   * @param {HTMLVideoElement} video @param {Part} part @param {number} width @param {number} height
   * @returns {ImageData | undefined}
   */
  grab(video, part, width, height) {
    const context = this.#context;
    if (!context || width < 1 || height < 1) return undefined;
    const { canvas } = context;
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    context.drawImage(video, part.x, part.y, part.width, part.height, 0, 0, width, height);
    return context.getImageData(0, 0, width, height);
  }
}
