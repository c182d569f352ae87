const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** How far back the server keeps a timeline, in milliseconds, by its step in seconds. */
export const KEPT = /** @type {const} */ ({ 1: HOUR, 60: 31 * DAY });

/** How much time the charts can show, in milliseconds. */
export const RANGES = /** @type {const} */ ({
  "5m": 5 * MINUTE,
  "30m": 30 * MINUTE,
  "1h": HOUR,
  "1d": DAY,
  "31d": 31 * DAY,
});

/** @typedef {keyof typeof RANGES} Range */

/**
 * What the charts are to show. `around` is in the middle; without it they follow the present.
 * @typedef {{ range: Range, around?: number }} Choice
 */

/**
 * A part of time, in milliseconds.
 * @typedef {object} TimeWindow
 * @property {number} from
 * @property {number} to
 * @property {1 | 60} step seconds
 * @property {boolean} isLive whether it follows the present
 */

const NAMES = /** @type {Range[]} */ (Object.keys(RANGES));

/**
 * The window of a choice: by the second as long as the server keeps the seconds, then by the minute.
 * @param {Choice} choice @param {number} now
 * @returns {TimeWindow}
 */
export function windowOf({ range, around }, now) {
  const length = RANGES[range];
  const isLive = around === undefined || around + length / 2 >= now;
  const to = isLive ? now : Math.max(around + length / 2, now - KEPT[60] + length);
  const from = to - length;
  return { from, to, step: length <= KEPT[1] && from >= now - KEPT[1] ? 1 : 60, isLive };
}

/** @param {Choice} choice @param {number} now @returns {Choice | undefined} undefined where nothing older is kept */
export function earlier(choice, now) {
  const { from } = windowOf(choice, now);
  if (from <= now - KEPT[60]) return undefined;
  return { range: choice.range, around: wholeMinute(from - RANGES[choice.range] / 2) };
}

/** @param {Choice} choice @param {number} now @returns {Choice | undefined} undefined at the present */
export function later(choice, now) {
  const { to, isLive } = windowOf(choice, now);
  if (isLive) return undefined;
  const around = wholeMinute(to + RANGES[choice.range] / 2);
  return windowOf({ range: choice.range, around }, now).isLive ? { range: choice.range } : { range: choice.range, around };
}

/** @param {number} moment rounded, so that the time field shows no seconds */
const wholeMinute = (moment) => Math.round(moment / MINUTE) * MINUTE;

/**
 * The choice that an address asks for, so that it survives a reload and can be sent to a colleague.
 * @param {string} search @returns {Choice}
 */
export function choiceOf(search) {
  const asked = new URLSearchParams(search);
  const range = NAMES.find((name) => name === asked.get("range")) ?? "5m";
  const around = Date.parse(asked.get("around") ?? "");
  return Number.isNaN(around) ? { range } : { range, around };
}

/** @param {Choice} choice @returns {string} the query of an address, empty for the usual choice */
export function queryOf({ range, around }) {
  const query = new URLSearchParams();
  if (range !== "5m") query.set("range", range);
  if (around !== undefined) query.set("around", new Date(around).toISOString());
  const text = query.toString();
  return text === "" ? "" : `?${text}`;
}
