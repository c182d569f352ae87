/** How far to spread the requests of a crowd that all want the same thing at once. */
export const SPREAD_MILLISECONDS = 2500;

/**
 * How to handle a refusal of what the page requests by itself: the place and the pass.
 *
 * @typedef {object} Refused
 * @property {boolean} isTold whether to tell the fan; "not your turn" and "too soon" are not news
 * @property {number} pauseMilliseconds the least time to wait before asking again
 * @property {"spend" | "renew" | undefined} then the place is used up, or its ticket is not accepted (any more)
 */

/**
 * @param {import("../../../client/src/index.js").Problem} problem
 * @returns {Refused}
 */
export function takeRefusal({ slug, status, retryAfterSeconds }) {
  return {
    isTold: slug !== "not-admitted" && slug !== "onsale-closed" && status !== 429,
    pauseMilliseconds: retryAfterSeconds === undefined ? SPREAD_MILLISECONDS : retryAfterSeconds * 1000,
    then: slug === "place-spent" ? "spend" : [401, 403, 422].includes(status) ? "renew" : undefined,
  };
}
