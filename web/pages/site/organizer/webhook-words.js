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

/** @param {string[]} types as the server has them @returns {string} */
export const typesWords = (types) =>
  types.includes("*") ? t("org.hooks.everything") : types.map(typeWords).join(", ");

/** @param {string} type without what all have in common @returns {string} */
export const typeWords = (type) => type.replace(/^onsale\./, "").replace(/\.v1$/, "");

/**
 * What to ask the server for.
 * @param {string[]} chosen @returns {string[]} everything is one word, so that later types are meant too
 */
export const typesOf = (chosen) => (chosen.length === TYPES.length ? ["*"] : chosen);

/** @param {import("../../../client/src/types.js").WebhookAttempt} attempt @returns {string} */
export const attemptWords = ({ outcome, status }) => (status === null ? outcome : `${outcome}, HTTP ${status}`);
