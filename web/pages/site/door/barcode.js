import { verifyEd25519 } from "./ed25519.js";

/**
 * Reads a ticket's barcode, a compact JWS (RFC 7515) signed with Ed25519 (RFC 8037), without the server.
 *
 * @typedef {import("../../../client/src/types.js").BarcodeKey} BarcodeKey
 * @typedef {{ tkt: string, evt: string, plc: string }} Claims the ticket, its event, and its place
 *
 * @typedef {{ kind: "genuine", claims: Claims }
 *   | { kind: "forged" }
 *   | { kind: "unknownKey" }
 *   | { kind: "noTicket" }} Reading
 *   `forged`: the signature doesn't match the key. `unknownKey`: none of the known keys signed it, but another may
 *   have. `noTicket`: some other kind of code.
 */

/** The longest barcode to read; the server has the same limit. */
const LONGEST = 2048;

/** @param {string} text base64url without padding @returns {Uint8Array | undefined} */
export function decodeBase64URL(text) {
  if (!/^[\w-]*$/.test(text) || text.length % 4 === 1) return undefined;
  const binary = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
  return Uint8Array.from(binary, (character) => character.charCodeAt(0));
}

/** @param {Uint8Array} bytes */
export function encodeBase64URL(bytes) {
  const binary = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(binary).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** @param {string} part @returns {Record<string, unknown> | undefined} */
function decodeObject(part) {
  const bytes = decodeBase64URL(part);
  if (!bytes) return undefined;
  try {
    const value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    return typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Record<string, unknown> | undefined} payload @returns {Claims | undefined} */
function claimsOf(payload) {
  const { tkt, evt, plc } = payload ?? {};
  if (typeof tkt !== "string" || typeof evt !== "string" || typeof plc !== "string") return undefined;
  return { tkt, evt, plc };
}

/**
 * @param {string} text as scanned or typed @param {readonly BarcodeKey[]} keys the published keys
 * @returns {Promise<Reading>}
 */
export async function readBarcode(text, keys) {
  const [header, payload, signature, ...more] = text.split(".");
  if (text.length > LONGEST || !header || !payload || !signature || more.length > 0) return { kind: "noTicket" };
  const known = decodeObject(header);
  const claims = claimsOf(decodeObject(payload));
  const signed = decodeBase64URL(signature);
  if (known?.["alg"] !== "EdDSA" || !claims || !signed) return { kind: "noTicket" };

  const key = keys.find((one) => one.kid === undefined || one.kid === known["kid"]);
  const publicKey = key && decodeBase64URL(key.x);
  if (!publicKey) return { kind: "unknownKey" };
  const isSigned = await verify(publicKey, new TextEncoder().encode(`${header}.${payload}`), signed);
  return isSigned ? { kind: "genuine", claims } : { kind: "forged" };
}

/** @param {Uint8Array} publicKey @param {Uint8Array} message @param {Uint8Array} signature */
async function verify(publicKey, message, signature) {
  const subtle = globalThis.crypto?.subtle;
  try {
    if (subtle) {
      const key = await subtle.importKey("raw", publicKey, { name: "Ed25519" }, false, ["verify"]);
      return await subtle.verify({ name: "Ed25519" }, key, signature, message);
    }
  } catch {
    // This browser's WebCrypto lacks the curve or rejects the key; our own code decides.
  }
  return verifyEd25519(publicKey, message, signature);
}
