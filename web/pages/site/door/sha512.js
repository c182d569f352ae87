/**
 * SHA-512 (FIPS 180-4). `crypto.subtle` exists in secure contexts only, and a gate's own network is often plain http.
 * Barcodes are short, so speed doesn't matter.
 */

const MASK = (1n << 64n) - 1n;

/** @param {bigint} value @param {bigint} degree @returns {bigint} the integer part of the root */
function root(value, degree) {
  let low = 0n;
  let high = 1n << (BigInt(value.toString(2).length) / degree + 1n);
  while (low < high) {
    const middle = (low + high + 1n) >> 1n;
    if (middle ** degree <= value) low = middle;
    else high = middle - 1n;
  }
  return low;
}

/** @param {number} count @returns {bigint[]} the first primes */
function primes(count) {
  /** @type {bigint[]} */
  const found = [];
  for (let next = 2n; found.length < count; next += 1n) {
    if (found.every((prime) => next % prime !== 0n)) found.push(next);
  }
  return found;
}

/** The first 64 bits of the fractional parts of the primes' cube roots, and of their square roots. */
const ROUND = primes(80).map((prime) => root(prime << 192n, 3n) & MASK);
const START = primes(8).map((prime) => root(prime << 128n, 2n) & MASK);

/** @param {bigint} word @param {bigint} bits */
const turn = (word, bits) => ((word >> bits) | (word << (64n - bits))) & MASK;

/** @param {Uint8Array} message @returns {Uint8Array} 64 bytes */
export function sha512(message) {
  const padded = new Uint8Array(Math.ceil((message.length + 17) / 128) * 128);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, BigInt(message.length) * 8n);

  const state = [...START];
  for (let at = 0; at < padded.length; at += 128) mixBlock(state, view, at);

  const digest = new DataView(new ArrayBuffer(64));
  state.forEach((word, index) => digest.setBigUint64(index * 8, word));
  return new Uint8Array(digest.buffer);
}

/** @param {bigint[]} state @param {DataView} view @param {number} at */
function mixBlock(state, view, at) {
  /** @type {bigint[]} */
  const words = [];
  const word = (/** @type {number} */ index) => words[index] ?? 0n;
  for (let i = 0; i < 16; i += 1) words.push(view.getBigUint64(at + i * 8));
  for (let i = 16; i < 80; i += 1) {
    const early = word(i - 15);
    const late = word(i - 2);
    const s0 = turn(early, 1n) ^ turn(early, 8n) ^ (early >> 7n);
    const s1 = turn(late, 19n) ^ turn(late, 61n) ^ (late >> 6n);
    words.push((word(i - 16) + s0 + word(i - 7) + s1) & MASK);
  }

  let [a, b, c, d, e, f, g, h] = /** @type {[bigint, bigint, bigint, bigint, bigint, bigint, bigint, bigint]} */ (
    /** @type {unknown} */ (state.slice())
  );
  for (let i = 0; i < 80; i += 1) {
    const s1 = turn(e, 14n) ^ turn(e, 18n) ^ turn(e, 41n);
    const first = h + s1 + ((e & f) ^ (~e & MASK & g)) + (ROUND[i] ?? 0n) + word(i);
    const s0 = turn(a, 28n) ^ turn(a, 34n) ^ turn(a, 39n);
    const second = s0 + ((a & b) ^ (a & c) ^ (b & c));
    [h, g, f, e, d, c, b, a] = [g, f, e, (d + first) & MASK, c, b, a, (first + second) & MASK];
  }
  [a, b, c, d, e, f, g, h].forEach((value, i) => (state[i] = ((state[i] ?? 0n) + value) & MASK));
}
