import { Problem } from "../../../client/src/index.js";
import { client } from "./api.js";

/**
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").Order} Order
 * @typedef {import("./holds.js").KeptHolds} KeptHolds
 */

const POLL_FIRST_MILLISECONDS = 1000;
const POLL_MOST_MILLISECONDS = 5000;

/**
 * Pays for a hold and follows the order to its end. Requests without an answer are repeated with the same key, so the
 * fan pays once or not at all.
 *
 * @param {object} options
 * @param {string} options.event
 * @param {string} options.hold
 * @param {string} options.method the payment method, unless an earlier attempt may have been sent with another
 * @param {KeptHolds} options.holds
 * @param {() => string | undefined} options.pass
 * @param {() => string | undefined} options.session can read the order even when the pass is lost
 * @param {(order: Order, left?: Hold) => void} options.onOrder called for each state; `left` is
 *   the hold, if a declined payment has left it
 * @param {(problem: Problem | undefined) => void} options.onTrouble called with the problem while there is no answer,
 *   and with undefined once there is one
 * @param {AbortSignal} options.signal
 * @returns {Promise<void>} rejects with the `Problem` if it was definitely refused: nothing was placed or paid
 */
export async function pay(options) {
  const { event, hold, holds, signal } = options;
  const sent = holds.begin(hold, options.method);
  if (!sent) return;
  let failures = 0;
  while (!signal.aborted) {
    try {
      const kept = holds.get(hold);
      const known = kept?.key === sent.key ? kept.order : undefined;
      const pass = options.pass() ?? "";
      const order =
        known === undefined
          ? await client.createOrder(event, pass, { hold, method: sent.method, idempotencyKey: sent.key })
          : await client.getOrder(event, options.session() ?? pass, known);
      holds.ordered(hold, sent.key, order.order);
      const left = order.state === "declined" ? await holdLeft(event, pass, hold) : undefined;
      if (signal.aborted) return;
      if (left) holds.declined(left, sent.key, order.declineCode ?? "");
      options.onTrouble(undefined);
      options.onOrder(order, left);
      if (order.state !== "authorizing") return;
      failures = 0;
      await sleep(POLL_FIRST_MILLISECONDS, signal);
    } catch (error) {
      if (signal.aborted) return;
      const problem = error instanceof Problem ? error : Problem.unreachable(error);
      if (!problem.isPassing) {
        holds.refused(hold);
        throw problem;
      }
      options.onTrouble(problem);
      const growing = Math.min(POLL_FIRST_MILLISECONDS * 2 ** failures, POLL_MOST_MILLISECONDS);
      failures += 1;
      await sleep(problem.retryAfterSeconds === undefined ? growing : problem.retryAfterSeconds * 1000, signal);
    }
  }
}

/**
 * The hold that a declined payment has left.
 * @param {string} event @param {string} pass @param {string} hold
 * @returns {Promise<Hold | undefined>} undefined when its places are free again; rejects when that is unknown
 */
async function holdLeft(event, pass, hold) {
  try {
    return await client.getHold(event, pass, hold);
  } catch (error) {
    if (error instanceof Problem && !error.isPassing) return undefined;
    throw error;
  }
}

/**
 * Where the fan confirms the payment. The page navigates there, so `javascript:` and the like are refused.
 * @param {Order} order @returns {string | undefined}
 */
export function actionAddress(order) {
  try {
    const url = new URL(order.action?.url ?? "");
    return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
  } catch {
    return undefined;
  }
}

/** @param {number} milliseconds @param {AbortSignal} signal @returns {Promise<void>} */
function sleep(milliseconds, signal) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      resolve();
    });
  });
}
