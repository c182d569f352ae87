/** Arithmetic in GF(256) with the polynomial x⁸ + x⁴ + x³ + x² + 1 (ISO/IEC 18004, 7.5.2). */

/** The powers of two, twice over, so that a sum of two logarithms needs no remainder. */
const POWERS = new Uint8Array(510);
const LOGARITHMS = new Uint8Array(256);

for (let exponent = 0, value = 1; exponent < 255; exponent += 1) {
  POWERS[exponent] = value;
  POWERS[exponent + 255] = value;
  LOGARITHMS[value] = exponent;
  value = value < 128 ? value << 1 : (value << 1) ^ 0x11d;
}

/** @param {number} exponent from 0 to 509 */
export const power = (exponent) => POWERS[exponent] ?? 0;

/** @param {number} a @param {number} b */
export function multiply(a, b) {
  return a === 0 || b === 0 ? 0 : power((LOGARITHMS[a] ?? 0) + (LOGARITHMS[b] ?? 0));
}

/** @param {number} a not zero */
export const inverse = (a) => power(255 - (LOGARITHMS[a] ?? 0));

/** @param {ArrayLike<number>} polynomial lowest degree first @param {number} x */
export function evaluate(polynomial, x) {
  let value = 0;
  for (let index = polynomial.length - 1; index >= 0; index -= 1) value = multiply(value, x) ^ (polynomial[index] ?? 0);
  return value;
}
