import { evaluate, inverse, multiply, power } from "./galois.js";

/**
 * Corrects a block of data and error correction codewords in place (ISO/IEC 18004, 7.5.2): the Reed–Solomon code
 * whose generator has the roots 2⁰, 2¹, …, decoded with the algorithms of Berlekamp and Massey, Chien, and Forney.
 * @param {Uint8Array} block at most 255 long @param {number} checks how many of them, the last ones, are for correction
 * @param {number} most the most errors to correct; more than that may be a misreading
 * @returns {boolean} whether the block is right now
 */
export function correct(block, checks, most) {
  const syndromes = syndromesOf(block, checks);
  if (syndromes.every((value) => value === 0)) return true;
  const locator = locatorOf(syndromes);
  const errors = locator.length - 1;
  if (errors > most) return false;
  const evaluator = productBelow(syndromes, locator, checks);
  let found = 0;
  for (let index = 0; index < block.length; index += 1) {
    const position = power(block.length - 1 - index);
    const root = inverse(position);
    if (evaluate(locator, root) !== 0) continue;
    const slope = derivative(locator, root);
    if (slope === 0) return false;
    block[index] = (block[index] ?? 0) ^ multiply(position, multiply(evaluate(evaluator, root), inverse(slope)));
    found += 1;
  }
  // If a root is no place in the block, there were more errors than can be corrected.
  return found === errors;
}

/** @param {Uint8Array} block @param {number} checks */
function syndromesOf(block, checks) {
  const syndromes = new Uint8Array(checks);
  for (let exponent = 0; exponent < checks; exponent += 1) {
    const root = power(exponent);
    let value = 0;
    for (const codeword of block) value = multiply(value, root) ^ codeword;
    syndromes[exponent] = value;
  }
  return syndromes;
}

/** The shortest recurrence that makes the syndromes: its roots are the inverses of where the errors are. */
function locatorOf(/** @type {Uint8Array} */ syndromes) {
  let locator = [1];
  let previous = [1];
  let length = 0;
  let gap = 1;
  let scale = 1;
  for (let step = 0; step < syndromes.length; step += 1) {
    let discrepancy = syndromes[step] ?? 0;
    for (let index = 1; index <= length; index += 1) {
      discrepancy ^= multiply(locator[index] ?? 0, syndromes[step - index] ?? 0);
    }
    if (discrepancy === 0) {
      gap += 1;
      continue;
    }
    const factor = multiply(discrepancy, inverse(scale));
    const next = [...locator];
    previous.forEach((value, index) => {
      next[index + gap] = (next[index + gap] ?? 0) ^ multiply(factor, value);
    });
    for (let index = 0; index < next.length; index += 1) next[index] ??= 0;
    if (2 * length <= step) {
      length = step + 1 - length;
      previous = locator;
      scale = discrepancy;
      gap = 1;
    } else {
      gap += 1;
    }
    locator = next;
  }
  while (locator.length > 1 && locator.at(-1) === 0) locator.pop();
  return locator;
}

/** @param {ArrayLike<number>} a @param {ArrayLike<number>} b @param {number} length of what is wanted of the product */
function productBelow(a, b, length) {
  const product = new Uint8Array(length);
  for (let i = 0; i < a.length; i += 1) {
    for (let j = 0; j < b.length && i + j < length; j += 1) {
      product[i + j] = (product[i + j] ?? 0) ^ multiply(a[i] ?? 0, b[j] ?? 0);
    }
  }
  return product;
}

/** @param {number[]} polynomial @param {number} x @returns {number} its formal derivative's value: odd terms alone */
function derivative(polynomial, x) {
  const square = multiply(x, x);
  let value = 0;
  let term = 1;
  for (let index = 1; index < polynomial.length; index += 2) {
    value ^= multiply(polynomial[index] ?? 0, term);
    term = multiply(term, square);
  }
  return value;
}
