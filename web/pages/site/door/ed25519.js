import { sha512 } from "./sha512.js";

/**
 * Ed25519 verification (RFC 8032, 5.1.7) for browsers whose WebCrypto lacks it. Key, message and signature are all
 * public, so it need not run in constant time.
 *
 * @typedef {[x: bigint, y: bigint, z: bigint, t: bigint]} Point in extended coordinates (RFC 8032, 5.1.4)
 */

const P = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;

/** @param {bigint} value */
const mod = (value) => {
  const rest = value % P;
  return rest < 0n ? rest + P : rest;
};

/** @param {bigint} base @param {bigint} exponent */
function power(base, exponent) {
  let result = 1n;
  for (let factor = base, rest = exponent; rest > 0n; rest >>= 1n) {
    if (rest & 1n) result = mod(result * factor);
    factor = mod(factor * factor);
  }
  return result;
}

const D = mod(-121665n * power(121666n, P - 2n));
const SQRT_MINUS_1 = power(2n, (P - 1n) / 4n);
/** @type {Point} */
const NEUTRAL = [0n, 1n, 1n, 0n];
const BASE = /** @type {Point} */ (pointAt(mod(4n * power(5n, P - 2n)), 0n));

/** @param {bigint} y @param {bigint} sign the lowest bit of x @returns {Point | undefined} */
function pointAt(y, sign) {
  const u = mod(y * y - 1n);
  const v = mod(D * y * y + 1n);
  let x = mod(u * v ** 3n * power(mod(u * v ** 7n), (P - 5n) / 8n));
  if (mod(v * x * x) === mod(-u)) x = mod(x * SQRT_MINUS_1);
  if (mod(v * x * x) !== u) return undefined;
  if (x === 0n && sign === 1n) return undefined;
  if ((x & 1n) !== sign) x = P - x;
  return [x, y, 1n, mod(x * y)];
}

/** @param {Point} a @param {Point} b @returns {Point} */
function add([x1, y1, z1, t1], [x2, y2, z2, t2]) {
  const a = mod((y1 - x1) * (y2 - x2));
  const b = mod((y1 + x1) * (y2 + x2));
  const c = mod(2n * D * t1 * t2);
  const d = 2n * z1 * z2;
  const e = b - a;
  const f = d - c;
  const g = d + c;
  const h = b + a;
  return [mod(e * f), mod(g * h), mod(f * g), mod(e * h)];
}

/** @param {Uint8Array} bytes */
function littleEndian(bytes) {
  return bytes.reduceRight((number, byte) => (number << 8n) | BigInt(byte), 0n);
}

/** @param {Uint8Array} bytes exactly 32 @returns {Point | undefined} */
function decode(bytes) {
  const number = littleEndian(bytes);
  const y = number & ((1n << 255n) - 1n);
  return y < P ? pointAt(y, number >> 255n) : undefined;
}

/**
 * @param {Uint8Array} publicKey @param {Uint8Array} message @param {Uint8Array} signature
 * @returns {boolean} whether the key's owner signed the message
 */
export function verifyEd25519(publicKey, message, signature) {
  if (publicKey.length !== 32 || signature.length !== 64) return false;
  const key = decode(publicKey);
  const commitment = decode(signature.subarray(0, 32));
  const s = littleEndian(signature.subarray(32));
  if (!key || !commitment || s >= ORDER) return false;

  const hashed = new Uint8Array(64 + message.length);
  hashed.set(signature.subarray(0, 32));
  hashed.set(publicKey, 32);
  hashed.set(message, 64);
  const k = littleEndian(sha512(hashed)) % ORDER;

  // Check s·B = R + k·A as s·B + k·(−A) = R, computing both products in one pass over the bits.
  /** @type {Point} */
  const minusKey = [mod(-key[0]), key[1], key[2], mod(-key[3])];
  const both = add(BASE, minusKey);
  let sum = NEUTRAL;
  for (let bit = 252n; bit >= 0n; bit -= 1n) {
    sum = add(sum, sum);
    const which = ((s >> bit) & 1n) * 2n + ((k >> bit) & 1n);
    if (which > 0n) sum = add(sum, which === 3n ? both : which === 2n ? BASE : minusKey);
  }
  const [x, y, z] = sum;
  return mod(x * commitment[2]) === mod(commitment[0] * z) && mod(y * commitment[2]) === mod(commitment[1] * z);
}
