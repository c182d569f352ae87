/** How far a crowd that all want the same thing now is spread. */
export const SPREAD_MILLISECONDS = 2500;

/**
 * What comes of a refusal of what the page asks for by itself: the place and the pass.
 *
 * @typedef {object} Refused
 * @property {boolean} isTold whether the fan is to know; that it is not one's turn, or was asked too soon, is no news
 * @property {number} pauseMilliseconds how long to wait before asking again, at least
 * @property {"spend" | "renew" | undefined} then the place is used up, or its ticket is not taken (any more)
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
