import { client } from "./api.js";

/** @typedef {import("../../../client/src/types.js").WaitingRoom} WaitingRoom */

const POLL_MILLISECONDS = 4000;

/**
 * Follows a waiting room by its stream, and by polling while the stream fails.
 *
 * @param {string} event
 * @param {object} options
 * @param {string | undefined} options.ticket marks its holder present
 * @param {(room: WaitingRoom) => void} options.onRoom
 * @param {(isConnected: boolean) => void} options.onConnection whether anything gets through, by stream or by poll
 * @param {() => void} options.onRefused the stream does not accept this ticket
 * @returns {() => void} stops following
 */
export function followWaitingRoom(event, options) {
  const ending = new AbortController();
  let isStreaming = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;

  const poll = async () => {
    timer = undefined;
    if (!isStreaming) {
      try {
        const room = await client.getWaitingRoom(event);
        if (ending.signal.aborted) return;
        options.onRoom(room);
        options.onConnection(true);
      } catch {
        if (ending.signal.aborted) return;
        options.onConnection(false);
      }
    }
    // Jittered so that a crowd does not poll in the same second.
    if (!isStreaming) timer = setTimeout(poll, POLL_MILLISECONDS * (0.75 + Math.random() / 2));
  };

  client
    .streamWaitingRoom(event, {
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
