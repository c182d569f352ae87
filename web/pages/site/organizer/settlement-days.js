/**
 * @typedef {import("../../../client/src/types.js").SettlementDay} SettlementDay
 * @typedef {{ day: string, gross: number, fees: number, back: number, net: number }} Bar amounts in minor units
 */

const DAY_MILLISECONDS = 86_400_000;

/** @param {string} day @param {number} by @returns {string} */
export const dayAfter = (day, by) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY_MILLISECONDS).toISOString().slice(0, 10);

/** @param {number} moment @returns {string} the day where the browser is */
export function localDay(moment) {
  const date = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 10);
}

/**
 * The days of a picture, those without anything too.
 * @param {SettlementDay[]} days oldest first @param {string} last @param {number} count
 * @returns {Bar[]}
 */
export function bars(days, last, count) {
  const known = new Map(days.map((day) => [day.day, day]));
  return Array.from({ length: count }, (_, index) => {
    const day = dayAfter(last, index - count + 1);
    const { gross = 0, fees = 0, refunds = 0, disputes = 0, net = 0 } = known.get(day) ?? {};
    return { day, gross, fees, back: refunds + disputes, net };
  });
}

const SUMMED = /** @type {const} */ (["gross", "fees", "refunds", "disputes", "net", "provider", "difference"]);

/** @param {SettlementDay[]} days @returns {SettlementDay} what all come to */
export function total(days) {
  const sum = { day: "", gross: 0, fees: 0, refunds: 0, disputes: 0, net: 0, provider: 0, difference: 0 };
  for (const day of days) for (const name of SUMMED) sum[name] += day[name];
  return sum;
}

/**
 * How far a picture must reach above and below its line.
 * @param {Bar[]} shown @returns {{ up: number, down: number }} at least one of them above 0
 */
export function reach(shown) {
  const up = Math.max(0, ...shown.map(({ gross, fees, back, net }) => Math.max(gross, net, -Math.min(0, fees) - Math.min(0, back))));
  const down = Math.max(0, ...shown.map(({ fees, back, net }) => Math.max(Math.max(0, fees) + Math.max(0, back), -net)));
  return up + down === 0 ? { up: 1, down: 0 } : { up, down };
}
