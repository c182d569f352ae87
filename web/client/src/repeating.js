import { Problem } from "./problem.js";

/** How often a request is sent, the first time included. */
export const TRIES_MOST = 4;
const PAUSE_FIRST_MILLISECONDS = 250;
const PAUSE_MOST_MILLISECONDS = 4000;
/** No try begins later than so long after the first. */
const REPEAT_MILLISECONDS = 30_000;
/** Whoever is asked to wait longer is told instead. */
const RETRY_AFTER_SECONDS_MOST = 10;

/**
 * Repeats a request that got no answer, or 502, 503 or 504: nobody knows whether it was done. So only for requests that
 * may come twice: with a key, or those whose effect is the same the second time.
 *
 * Pauses grow, are at least what the server asks for, and differ from one client to the next, so that a crowd whose
 * server was away doesn't come back in the same moment.
 *
 * @template Answer
 * @param {() => Promise<Answer>} send rejects with a `Problem`
 * @param {object} [options]
 * @param {number} [options.tries]
 * @param {AbortSignal} [options.signal] after it, nothing is sent again
 * @param {(milliseconds: number) => Promise<void>} [options.wait]
 * @returns {Promise<Answer>} rejects with the last try's `Problem`
 */
export async function repeating(send, options = {}) {
  const { tries = TRIES_MOST, signal, wait = sleep } = options;
  const start = performance.now();
  for (let tried = 1; ; tried++) {
    try {
      return await send();
    } catch (error) {
      const pause = error instanceof Problem ? pauseAfter(error, tried) : undefined;
      const isLate = pause === undefined || performance.now() - start + pause > REPEAT_MILLISECONDS;
      if (isLate || tried >= tries || signal?.aborted) throw error;
      await wait(pause);
      if (signal?.aborted) throw error;
    }
  }
}

/**
 * @param {Problem} problem @param {number} tried
 * @returns {number | undefined} milliseconds until the next try; undefined if there should be none
 */
function pauseAfter({ slug, status, retryAfterSeconds = 0 }, tried) {
  if (slug !== "unreachable" && status !== 502 && status !== 503 && status !== 504) return undefined;
  if (retryAfterSeconds > RETRY_AFTER_SECONDS_MOST) return undefined;
  const growing = Math.min(PAUSE_FIRST_MILLISECONDS * 2 ** (tried - 1), PAUSE_MOST_MILLISECONDS);
  return retryAfterSeconds * 1000 + growing * (0.5 + Math.random());
}

/** @param {number} milliseconds @returns {Promise<void>} */
function sleep(milliseconds) {
  return new Promise((resolve) => {
    setTimeout(resolve, milliseconds);
  });
}

/** @returns {string} a unique key for a request; `crypto` is missing in Node 18, `crypto.randomUUID` in insecure pages */
export function newKey() {
  const bytes = new Uint8Array(16);
  if (globalThis.crypto) crypto.getRandomValues(bytes);
  else for (const index of bytes.keys()) bytes[index] = Math.floor(Math.random() * 256);
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}
