/** @typedef {{ red: number, green: number, blue: number }} Color */

/** @param {string} hex `#rgb` or `#rrggbb` @returns {Color} */
export function parseColor(hex) {
  const digits = hex.trim().replace("#", "");
  const six = digits.length === 3 ? [...digits].map((digit) => digit + digit).join("") : digits;
  const value = Number.parseInt(six, 16);
  if (six.length !== 6 || Number.isNaN(value)) return { red: 128, green: 128, blue: 128 };
  return { red: value >> 16, green: (value >> 8) & 255, blue: value & 255 };
}

/** @param {string} from @param {string} to @param {number} share of `to`, 0 to 1 @returns {string} an opaque color */
export function mix(from, to, share) {
  const a = parseColor(from);
  const b = parseColor(to);
  const part = (/** @type {number} */ one, /** @type {number} */ other) =>
    Math.round(one + (other - one) * share)
      .toString(16)
      .padStart(2, "0");
  return `#${part(a.red, b.red)}${part(a.green, b.green)}${part(a.blue, b.blue)}`;
}

/** @param {string} color @returns {number} WCAG's relative luminance */
export function luminance(color) {
  const linear = (/** @type {number} */ channel) => {
    const value = channel / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  };
  const { red, green, blue } = parseColor(color);
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

/** @param {string} one @param {string} other @returns {number} WCAG's contrast, 1 to 21 */
export function contrast(one, other) {
  const [low, high] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (/** @type {number} */ (high) + 0.05) / (/** @type {number} */ (low) + 0.05);
}

/** What WCAG asks of graphics, and some more for the tints below. */
const LEAST_CONTRAST = 3.6;
/** What seats are drawn on: `--map-section` of the style sheet, in either scheme. */
export const GROUNDS = { light: "#ffffff", dark: "#1b1f29" };

/**
 * A category's color, darkened or lightened just enough that its seats stand out from the ground, tinted or not.
 * @param {string} color @param {string} ground
 */
export function legible(color, ground) {
  const ink = luminance(ground) > 0.5 ? "#000000" : "#ffffff";
  for (let share = 0; share < 1; share += 0.05) {
    const changed = mix(color, ink, share);
    if (contrast(changed, ground) >= LEAST_CONTRAST) return changed;
  }
  return ink;
}

/** @param {string} ground @param {string} color that most seats on it have @returns {string} */
export const tint = (ground, color) => mix(ground, color, 0.06);

/**
 * Gives an element a category's color, legible in both schemes, as `--light` and `--dark`.
 * @template {HTMLElement | SVGElement} Painted @param {Painted} element @param {string} color
 */
export function paint(element, color) {
  element.style.setProperty("--light", legible(color, GROUNDS.light));
  element.style.setProperty("--dark", legible(color, GROUNDS.dark));
  return element;
}

/** @param {string} background @returns {string} black or white, whichever reads better on it */
export const inkOn = (background) => (contrast(background, "#ffffff") >= contrast(background, "#14171f") ? "#ffffff" : "#14171f");

/**
 * The colors that the canvas takes from the style sheet, so that it follows dark mode.
 * @typedef {{ ground: string, section: string, line: string, ink: string, soft: string, good: string, held: string,
 *   sold: string, blocked: string }} Palette
 */

/** @param {Element} element @returns {Palette} */
export function readPalette(element) {
  const style = getComputedStyle(element);
  const read = (/** @type {string} */ name, /** @type {string} */ otherwise) =>
    style.getPropertyValue(name).trim() || otherwise;
  return {
    ground: read("--map-ground", "#eef0f4"),
    section: read("--map-section", "#ffffff"),
    line: read("--map-line", "#d5d9e2"),
    ink: read("--ink", "#14171f"),
    soft: read("--map-soft", "#6d7688"),
    good: read("--good", "#0b6b43"),
    held: read("--state-held", "#b4610a"),
    sold: read("--state-sold", "#5b6478"),
    blocked: read("--state-blocked", "#a2455a"),
  };
}
