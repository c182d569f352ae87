import { sha256 } from "./sha256.js";
import { slices } from "./slices.js";

/** @param {Uint8Array} digest @returns {number} the number of leading zero bits */
export function zeroBits(digest) {
  let count = 0;
  for (const byte of digest) {
    if (byte === 0) {
      count += 8;
      continue;
    }
    return count + Math.clz32(byte) - 24;
  }
  return count;
}

/**
 * Finds the number that a join challenge asks for, in small slices so that the page stays responsive.
 * @param {string} prefix @param {number} bits @param {AbortSignal} [signal]
 * @returns {Promise<string>}
 */
export async function solve(prefix, bits, signal) {
  const pause = slices();
  const encoder = new TextEncoder();
  for (let number = 0; ; number += 1) {
    if (zeroBits(sha256(encoder.encode(prefix + number))) >= bits) return String(number);
    if (number % 64 === 0) {
      await pause();
      if (signal?.aborted) throw signal.reason;
    }
  }
}
