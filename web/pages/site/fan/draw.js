import { fromHex, sha256, toHex } from "./sha256.js";
import { slices } from "./slices.js";

/**
 * The numbers of a lobby's entrants, as specified in docs/draw.md.
 * @param {string} seed hex @param {number} size
 * @returns {Promise<Uint32Array>} by `lobbyIndex`
 */
export async function draw(seed, size) {
  const pause = slices();
  const message = new Uint8Array(40);
  message.set(fromHex(seed));
  const counter = new DataView(message.buffer);
  let block = 0;
  let at = 32;
  let view = new DataView(new ArrayBuffer(32));
  const numbers = Uint32Array.from({ length: size }, (_, index) => index + 1);
  for (let i = size - 1; i > 0; i -= 1) {
    const limit = 2 ** 32 - (2 ** 32 % (i + 1));
    let word;
    do {
      if (at === 32) {
        counter.setBigUint64(32, BigInt(block));
        view = new DataView(sha256(message).buffer);
        block += 1;
        at = 0;
        if (block % 256 === 0) await pause();
      }
      word = view.getUint32(at);
      at += 4;
    } while (word >= limit);
    const j = word % (i + 1);
    const kept = /** @type {number} */ (numbers[i]);
    numbers[i] = /** @type {number} */ (numbers[j]);
    numbers[j] = kept;
  }
  return numbers;
}

/**
 * @typedef {object} DrawCheck
 * @property {boolean} isSeedCommitted whether the seed matches the commitment
 * @property {boolean | undefined} isCommitmentSeen whether this browser saw the same commitment in the lobby; undefined
 * if it saw none
 * @property {number | undefined} number what the draw gives the `lobbyIndex`
 * @property {boolean} agrees whether everything holds and the number is the one that was given out
 */

/**
 * Repeats the draw and compares.
 * @param {{ seed: string, commitment: string | null, seenCommitment: string | undefined, size: number,
 *   lobbyIndex: number, number: number }} published
 * @returns {Promise<DrawCheck>}
 */
export async function checkDraw(published) {
  const isSeed = /^[0-9a-f]{64}$/.test(published.seed);
  const isSeedCommitted = isSeed && toHex(sha256(fromHex(published.seed))) === published.commitment;
  const seen = published.seenCommitment;
  const isCommitmentSeen = seen === undefined ? undefined : seen === published.commitment;
  const number = isSeed ? (await draw(published.seed, published.size))[published.lobbyIndex] : undefined;
  const agrees = isSeedCommitted && isCommitmentSeen !== false && number === published.number;
  return { isSeedCommitted, isCommitmentSeen, number, agrees };
}
