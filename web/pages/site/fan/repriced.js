import { formatMoney } from "../lib/i18n.js";

/**
 * @typedef {import("../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../client/src/types.js").Price} Price
 */

/**
 * What a hold costs other than the page showed, since prices have changed.
 * @param {Pick<Hold, "lines">} hold @param {Price[]} shown
 * @returns {Price[]} as they were shown
 */
export const shownOtherwise = ({ lines }, shown) =>
  shown.filter((price) => lines.some(({ category, unitAmount }) => category === price.category && unitAmount !== price.amount));

/**
 * From what to what.
 * @param {Hold} hold @param {Price[]} was @returns {string}
 */
export const repricedWords = ({ lines, currency }, was) =>
  lines
    .flatMap(({ category, unitAmount }) => {
      const old = was.find((price) => price.category === category);
      // Two amounts stay on one line.
      return old ? `${category} ${formatMoney(old.amount, currency)}\u00a0→\u00a0${formatMoney(unitAmount, currency)}` : [];
    })
    .join(", ");
