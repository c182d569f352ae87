import { client } from "./api.js";

/** @typedef {import("../../../client/src/types.js").Room} Room */

const POLL_MILLISECONDS = 4000;

/**
 * Follows a room by its stream, and by asking every few seconds while that fails.
 *
 * @param {string} event
 * @param {object} options
 * @param {string | undefined} options.ticket marks its holder present
 * @param {(room: Room) => void} options.onRoom
 * @param {(isConnected: boolean) => void} options.onConnection whether anything at all is heard
 * @param {() => void} options.onRefused the stream will not have this ticket
 * @returns {() => void} ends it
 */
export function followRoom(event, options) {
  const ending = new AbortController();
  let isStreaming = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const poll = async () => {
    timer = undefined;
    if (!isStreaming) {
      try {
        const room = await client.room(event);
        if (ending.signal.aborted) return;
        options.onRoom(room);
        options.onConnection(true);
      } catch {
        if (ending.signal.aborted) return;
        options.onConnection(false);
      }
    }
    // Spread, so that a crowd does not ask in one second.
    if (!isStreaming) timer = setTimeout(poll, POLL_MILLISECONDS * (0.75 + Math.random() / 2));
  };

  client
    .roomStream(event, {
      signal: ending.signal,
      ...(options.ticket !== undefined && { ticket: options.ticket }),
      onRoom: options.onRoom,
      onConnection: (isConnected) => {
        isStreaming = isConnected;
        if (isConnected) options.onConnection(true);
        else if (timer === undefined) poll();
      },
    })
    .catch(() => {
      isStreaming = false;
      if (timer === undefined) poll();
      if (options.ticket !== undefined) options.onRefused();
    });

  return () => {
    ending.abort();
    clearTimeout(timer);
  };
}
