/**
 * Which code the guard means. Pure: no camera, no page.
 *
 * @typedef {{ text: string, x: number, y: number }} Sighting
 *   a code with its middle as parts of the picture, from 0 to 1
 * @typedef {{ x: number, y: number, width: number, height: number }} Part of the camera's picture, in its pixels
 */

/** How far the aim's frame is from the picture's sides; door.css draws it there. */
const AIM = { x: 0.2, y: 0.12 };

/**
 * @param {number} width @param {number} height of the camera's picture @param {number} aspect of the box it fills
 * @returns {Part} what of it is shown
 */
export function shownPart(width, height, aspect) {
  const shown = { width: Math.min(width, height * aspect), height: Math.min(height, width / aspect) };
  return { x: (width - shown.width) / 2, y: (height - shown.height) / 2, ...shown };
}

/** @param {Sighting} sighting */
const isShown = ({ x, y }) => x >= 0 && x <= 1 && y >= 0 && y <= 1;

/** @param {Sighting} sighting */
const isAimedAt = ({ x, y }) => Math.abs(x - 0.5) <= 0.5 - AIM.x && Math.abs(y - 0.5) <= 0.5 - AIM.y;

/**
 * The only code in the picture, or else the only one in the aim's frame.
 * @param {Sighting[]} sightings @returns {{ code: string | undefined, isSeveral: boolean }}
 */
export function choose(sightings) {
  const shown = sightings.filter(isShown);
  const all = new Set(shown.map(({ text }) => text));
  if (all.size <= 1) return { code: shown[0]?.text, isSeveral: false };
  const aimed = shown.filter(isAimedAt);
  const isOne = new Set(aimed.map(({ text }) => text)).size === 1;
  return { code: isOne ? aimed[0]?.text : undefined, isSeveral: !isOne };
}
