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
 * Pays a hold and follows the order to its end. Whatever fails on the way without an answer is repeated with the same
 * key, so it is paid once or not at all.
 *
 * @param {object} options
 * @param {string} options.event
 * @param {string} options.hold
 * @param {string} options.method what to pay with, unless an earlier try may have been sent
 * @param {KeptHolds} options.holds
 * @param {() => string | undefined} options.pass
 * @param {() => string | undefined} options.session may read an order too, even when the pass is lost
 * @param {(order: Order, left?: Hold) => void} options.onOrder told of each state, with the hold if a payment that was
 *   declined has left it
 * @param {(problem: Problem | undefined) => void} options.onTrouble told while there is no answer, and when there is
 * @param {AbortSignal} options.signal
 * @returns {Promise<void>} rejects with the `Problem` that refused it for certain: nothing was placed, nothing paid
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
          ? await client.order(event, pass, { hold, method: sent.method, idempotencyKey: sent.key })
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
 * What a declined payment has left of its hold.
 * @param {string} event @param {string} pass @param {string} hold
 * @returns {Promise<Hold | undefined>} nothing when its places are free again; rejects when that is not known
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
 * Where the fan confirms the payment. It is opened as a page, so an address that could run as a script is none.
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
