import { EventStreamParser } from "./event-stream.js";
import { Problem } from "./problem.js";

/** @typedef {import("./types.js").StreamEvent} StreamEvent */

/**
 * @typedef {object} ListeningOptions
 * @property {(event: StreamEvent) => void} onEvent
 * @property {(isConnected: boolean, problem?: Problem) => void} [onConnection] called when the stream connects or drops
 * @property {() => string | undefined} [lastEventID] the event to resume after
 * @property {AbortSignal} signal ends the listening
 * @property {number} [silenceSeconds] how long a stream may be silent, heartbeats included, before it counts as dead
 */

const RETRY_FIRST_MILLISECONDS = 1000;
const RETRY_MOST_MILLISECONDS = 30_000;

/**
 * Listens until aborted. A broken stream is reopened after the pause the server asked for, or after a growing backoff.
 * Both are jittered so that a crowd doesn't reconnect in the same second.
 *
 * @param {(headers: Record<string, string>, signal: AbortSignal) => Promise<Response>} open
 * @param {ListeningOptions} options
 * @returns {Promise<void>} resolves when aborted; rejects with a `Problem` that retrying wouldn't fix
 */
export async function listen(open, options) {
  let failures = 0;
  while (!options.signal.aborted) {
    /** @type {number | undefined} */
    let pause;
    try {
      pause = await listenOnce(open, options, () => (failures = 0));
    } catch (error) {
      if (options.signal.aborted) return;
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      options.onConnection?.(false, problem);
      if (!problem.isPassing) throw problem;
      pause = problem.retryAfterSeconds === undefined ? undefined : problem.retryAfterSeconds * 1000;
    }
    if (options.signal.aborted) return;
    const growing = Math.min(RETRY_FIRST_MILLISECONDS * 2 ** failures, RETRY_MOST_MILLISECONDS);
    failures += 1;
    await delay((pause ?? growing) * (0.75 + Math.random() / 2), options.signal);
  }
}

/**
 * @param {(headers: Record<string, string>, signal: AbortSignal) => Promise<Response>} open
 * @param {ListeningOptions} options
 * @param {() => void} hasOpened
 * @returns {Promise<number | undefined>} the pause the server asked for, in milliseconds
 */
async function listenOnce(open, options, hasOpened) {
  const ending = new AbortController();
  const end = () => ending.abort();
  options.signal.addEventListener("abort", end);
  let lastHeard = Date.now();
  const silence = (options.silenceSeconds ?? 45) * 1000;
  const watch = setInterval(() => {
    if (Date.now() - lastHeard > silence) ending.abort();
  }, 5000);
  try {
    const lastEventID = options.lastEventID?.();
    /** @type {Record<string, string>} */
    const headers = { accept: "text/event-stream" };
    if (lastEventID !== undefined) headers["last-event-id"] = lastEventID;
    const response = await open(headers, ending.signal);
    if (!response.ok) throw await Problem.from(response);
    if (!response.body) throw new Error("The stream has no body.");
    hasOpened();
    options.onConnection?.(true);
    const parser = new EventStreamParser();
    const decoder = new TextDecoder();
    const reader = response.body.getReader();
    try {
      while (true) {
        const { done, value } = await reader.read();
        if (done) break;
        lastHeard = Date.now();
        for (const event of parser.feed(decoder.decode(value, { stream: true }))) options.onEvent(event);
      }
    } finally {
      reader.cancel().catch(() => {});
    }
    if (!options.signal.aborted) options.onConnection?.(false);
    return parser.retryMilliseconds;
  } finally {
    clearInterval(watch);
    options.signal.removeEventListener("abort", end);
  }
}

/**
 * @param {number} milliseconds
 * @param {AbortSignal} signal ends the wait early
 * @returns {Promise<void>}
 */
export function delay(milliseconds, signal) {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done);
  });
}
