import { t } from "../lib/i18n.js";

/**
 * What an endpoint can be told, in the order in which it happens.
 * @type {string[]}
 */
export const TYPES = [
  "onsale.order.placed.v1", "onsale.order.confirmed.v1", "onsale.order.declined.v1", "onsale.order.expired.v1",
  "onsale.order.cancelled.v1", "onsale.order.refunded.v1", "onsale.tickets.issued.v1", "onsale.tickets.voided.v1",
  "onsale.mail.sent.v1", "onsale.mail.bounced.v1", "onsale.eligibility.granted.v1", "onsale.eligibility.refused.v1",
];

/** The pattern that means later types too. */
export const EVERYTHING = "*";

/** @param {string[]} types as the server has them @returns {string} */
export const typesWords = (types) =>
  types.includes(EVERYTHING) ? t("org.hooks.everything") : types.map(typeWords).join(", ");

/** @param {string} type without what all have in common @returns {string} */
export const typeWords = (type) => type.replace(/^onsale\./, "").replace(/\.v1$/, "");

/** @param {string} type one of `TYPES` @returns {string} what it tells */
export const typeMeaning = (type) => t(`org.hooks.type.${typeWords(type)}`);

/** The outcomes with words of their own here; any other is shown in the server's. */
const OUTCOMES = new Set([
  "delivered", "refused", "gone", "garbled", "late", "cut", "unreachable-name", "unreachable-connection",
  "unreachable-tls", "forbidden", "not-tried",
]);

/** @param {Pick<import("../../../client/src/types.js").WebhookAttempt, "outcome" | "status">} attempt @returns {string} */
export function attemptWords({ outcome, status }) {
  const words = OUTCOMES.has(outcome) ? t(`org.hooks.outcome.${outcome}`) : outcome;
  return status === null ? words : `${words}, HTTP ${status}`;
}
