import { OnsaleClient } from "../../../client/src/index.js";
import { ServerClock } from "./clock.js";

/** Countdowns run to moments set by the server, so they need its clock. */
export const clock = new ServerClock();

/** @type {typeof globalThis.fetch} */
const timedFetch = async (input, init) => {
  const sentAt = clock.mark();
  const response = await fetch(input, init);
  // A cached response's Date tells when it was stored, not the time now.
  const isFresh = !/max-age/.test(response.headers.get("cache-control") ?? "");
  if (isFresh) clock.observe(sentAt, response.headers.get("date"));
  return response;
};

export const client = new OnsaleClient({ fetch: timedFetch });
