import { OnsaleClient } from "../../../client/src/index.js";
import { ServerClock } from "./clock.js";

/** The time by the server: what counts down, counts down to the server's moments. */
export const clock = new ServerClock();

/** @type {typeof globalThis.fetch} */
const timedFetch = async (input, init) => {
  const sentAt = clock.mark();
  const response = await fetch(input, init);
  // What may come out of a cache says when it was put in there.
  const isFresh = !/max-age/.test(response.headers.get("cache-control") ?? "");
  if (isFresh) clock.observe(sentAt, response.headers.get("date"));
  return response;
};

export const client = new OnsaleClient({ fetch: timedFetch });
