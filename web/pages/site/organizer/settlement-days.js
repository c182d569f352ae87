/**
 * @typedef {import("../../../client/src/types.js").SettlementDay} SettlementDay
 * @typedef {{ day: string, gross: number, fees: number, back: number, net: number }} Bar amounts in minor units
 */

const DAY_MILLISECONDS = 86_400_000;
const WEEK_DAYS = 7;

/** @param {string} day @param {number} by @returns {string} */
export const dayAfter = (day, by) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + by * DAY_MILLISECONDS).toISOString().slice(0, 10);

/** @param {number} moment @returns {string} the day where the browser is */
export function localDay(moment) {
  const date = new Date(moment - new Date(moment).getTimezoneOffset() * 60_000);
  return date.toISOString().slice(0, 10);
}

/** How many bars can be told apart. */
const BARS_MOST = 31;

/** @typedef {{ from?: string, to?: string }} Period days; an open end is where the days begin or end */

/**
 * The days of a picture, those without anything too: all of a period, or its last month.
 * @param {SettlementDay[]} days oldest first @param {Period} period
 * @returns {Bar[]} empty if there are none
 */
export function bars(days, { from = days[0]?.day, to = days.at(-1)?.day }) {
  if (from === undefined || to === undefined) return [];
  const length = Math.round((Date.parse(to) - Date.parse(from)) / DAY_MILLISECONDS) + 1;
  const count = Math.max(0, Math.min(length, BARS_MOST));
  const known = new Map(days.map((day) => [day.day, day]));
  return Array.from({ length: count }, (_, index) => {
    const day = dayAfter(to, index - count + 1);
    const { gross = 0, fees = 0, refunds = 0, disputes = 0, net = 0 } = known.get(day) ?? {};
    return { day, gross, fees, back: refunds + disputes, net };
  });
}

/** @param {string | null} text @returns {text is string} */
const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(Date.parse(text ?? ""));

/**
 * The period that an address asks for, so that it survives a reload and can be sent to a colleague.
 * @param {string} search @param {number} now @returns {Period} the last week unless it says otherwise
 */
export function periodOf(search, now) {
  const asked = new URLSearchParams(search);
  if (!asked.has("from") && !asked.has("to")) return { from: dayAfter(localDay(now), 1 - WEEK_DAYS), to: localDay(now) };
  const [from, to] = [asked.get("from"), asked.get("to")];
  return { ...(isDay(from) && { from }), ...(isDay(to) && { to }) };
}

const SUMMED = /** @type {const} */ (["gross", "fees", "refunds", "disputes", "net", "provider", "difference"]);

/** @param {SettlementDay[]} days @returns {SettlementDay} what all come to */
export function total(days) {
  const sum = { day: "", gross: 0, fees: 0, refunds: 0, disputes: 0, net: 0, provider: 0, difference: 0 };
  for (const day of days) for (const name of SUMMED) sum[name] += day[name];
  return sum;
}

/**
 * The parts of a day's bar, from one amount to another: what was sold stands on the line, what comes off it hangs from
 * it, and fees that were given back stand on what was sold.
 * @param {Bar} bar @returns {{ name: "gross" | "fees" | "back", from: number, to: number }[]}
 */
export function partsOf({ gross, fees, back }) {
  let [up, down] = [0, 0];
  return /** @type {const} */ ([["gross", gross], ["fees", -fees], ["back", -back]]).flatMap(([name, amount]) => {
    if (amount === 0) return [];
    const from = amount > 0 ? up : down;
    if (amount > 0) up += amount;
    else down += amount;
    return [{ name, from, to: from + amount }];
  });
}

/**
 * How far a picture must reach above and below its line.
 * @param {Bar[]} shown @returns {{ up: number, down: number }} at least one of them above 0
 */
export function reach(shown) {
  const ends = shown.flatMap((bar) => [bar.net, ...partsOf(bar).map(({ to }) => to)]);
  const [up, down] = [Math.max(0, ...ends), Math.max(0, ...ends.map((end) => -end))];
  return up + down === 0 ? { up: 1, down: 0 } : { up, down };
}
