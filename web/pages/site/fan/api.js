import { OnsaleClient } from "../../../client/src/index.js";
import { Kept } from "../lib/storage.js";
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

/** @type {Kept<{ token: string }>} an organizer's session in the tab that this one was opened from */
const organizer = new Kept(
  "organizer.session",
  /** @returns {value is { token: string }} */ (value) => typeof value?.token === "string",
  () => sessionStorage,
);
const previewing = new URLSearchParams(globalThis.location?.search).has("preview") ? organizer.get() : undefined;

export const client = new OnsaleClient({
  fetch: timedFetch,
  ...(previewing && { headers: { authorization: `Bearer ${previewing.token}` } }),
});
