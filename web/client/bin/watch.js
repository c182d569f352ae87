import { delay } from "../src/listening.js";
import { OnsaleClient } from "../src/onsale-client.js";
import { OnsaleView } from "./onsale-view.js";

/**
 * @typedef {object} Watching
 * @property {string} url
 * @property {string} event
 * @property {AbortSignal} signal ends the watching
 * @property {{ isTTY?: boolean, columns?: number, write(text: string): unknown }} out
 * @property {{ write(text: string): unknown }} err
 */

const DRAW_MILLISECONDS = 1000;
const RETRY_FIRST_MILLISECONDS = 1000;
const RETRY_MOST_MILLISECONDS = 15_000;

/**
 * Follows an onsale until the signal aborts.
 * @param {Watching} watching
 * @returns {Promise<number>} the exit code
 */
export async function watch({ url, event, signal, out, err }) {
  const client = new OnsaleClient({ baseURL: url });
  const ending = new AbortController();
  const end = () => ending.abort();
  signal.addEventListener("abort", end);
  try {
    const detail = await firstLook(client, event, signal, err);
    if (!detail) return 0;
    await follow(client, new OnsaleView(detail), event, ending, out);
    return 0;
  } catch (problem) {
    if (signal.aborted) return 0;
    err.write(`client: ${wordsOf(problem, url, event)}\n`);
    return 1;
  } finally {
    ending.abort();
    signal.removeEventListener("abort", end);
  }
}

/**
 * Fetches the event, retrying while the server can't be reached.
 * @param {OnsaleClient} client @param {string} event @param {AbortSignal} signal
 * @param {{ write(text: string): unknown }} err
 */
async function firstLook(client, event, signal, err) {
  for (let failures = 0; !signal.aborted; failures += 1) {
    try {
      return await Promise.race([client.getEvent(event), aborted(signal)]);
    } catch (problem) {
      if (!problem.isPassing) throw problem;
      if (failures === 0) err.write("client: the server can't be reached; trying until it can …\n");
      await delay(Math.min(RETRY_FIRST_MILLISECONDS * 2 ** failures, RETRY_MOST_MILLISECONDS), signal);
    }
  }
  return undefined;
}

/** @param {AbortSignal} signal @returns {Promise<undefined>} */
function aborted(signal) {
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(undefined), { once: true }));
}

/**
 * @param {OnsaleClient} client @param {OnsaleView} view @param {string} event @param {AbortController} ending
 * @param {Watching["out"]} out
 */
async function follow(client, view, event, ending, out) {
  const { signal } = ending;
  const draw = out.isTTY ? screenWriter(view, out) : lineWriter(view, out);
  const streams = { room: true, seats: true };
  const told = (/** @type {"room" | "seats"} */ stream) => (/** @type {boolean} */ isConnected) => {
    streams[stream] = isConnected;
    view.isConnected = streams.room && streams.seats;
  };
  const isComplete = { room: false, seats: false };
  const timer = setInterval(() => {
    if (isComplete.room && isComplete.seats) draw();
  }, DRAW_MILLISECONDS);
  // Draw the first picture as soon as both streams have delivered, without waiting for the timer.
  const took = (/** @type {"room" | "seats"} */ part) => {
    const wasComplete = isComplete.room && isComplete.seats;
    isComplete[part] = true;
    if (!wasComplete && isComplete.room && isComplete.seats) draw();
  };
  try {
    await Promise.all([
      client.streamWaitingRoom(event, {
        signal,
        onConnection: told("room"),
        onRoom: (room) => {
          view.takeRoom(room);
          took("room");
        },
      }),
      client.streamAvailability(event, {
        signal,
        onConnection: told("seats"),
        onSnapshot: (availability) => {
          view.takeSnapshot(availability, Date.now());
          took("seats");
        },
        onDelta: (delta) => view.takeDelta(delta, Date.now()),
      }),
    ]);
  } finally {
    clearInterval(timer);
  }
}

/** @param {OnsaleView} view @param {Watching["out"]} out @returns {() => void} redraws in place */
function screenWriter(view, out) {
  let height = 0;
  return () => {
    // A wrapped line would take two rows and shift the next redraw down.
    const lines = view.screen(Date.now()).map((line) => cut(line, (out.columns || 80) - 1));
    const back = height > 0 ? `\x1b[${height}A\r` : "";
    height = lines.length;
    out.write(`${back}\x1b[0J${lines.join("\n")}\n`);
  };
}

const WIDE = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]/;

/** @param {string} line @param {number} width in columns; East Asian characters take two */
function cut(line, width) {
  let used = 0;
  let kept = "";
  for (const character of line) {
    used += WIDE.test(character) ? 2 : 1;
    if (used > width) break;
    kept += character;
  }
  return kept;
}

/** @param {OnsaleView} view @param {Watching["out"]} out @returns {() => void} writes the line if it has changed */
function lineWriter(view, out) {
  let last = "";
  return () => {
    const line = view.line();
    if (line === last) return;
    last = line;
    out.write(`${new Date().toISOString()} ${line} sold/min=${view.soldPerMinute(Date.now())}\n`);
  };
}

/** @param {any} problem @param {string} url @param {string} event */
function wordsOf(problem, url, event) {
  if (problem.status === 404) return `there is no event ${event} at ${url}.`;
  return `the server refuses: ${problem.message}`;
}
