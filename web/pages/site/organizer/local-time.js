const PATTERN = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2})(?::(\d{2}))?$/;

/** The name of this device's time zone. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;

/** @param {string} zone @returns {boolean} whether it is an IANA time zone */
export function isTimeZone(zone) {
  try {
    new Intl.DateTimeFormat("en", { timeZone: zone });
    return zone !== "";
  } catch {
    return false;
  }
}

/**
 * Converts the text of a `datetime-local` field to a moment. A time that the clocks skip becomes the one as much later.
 * @param {string} text @param {string} [zone] whose clocks it is by; this device's if left out
 * @returns {string | undefined} RFC 3339 in UTC; undefined if it is not a time
 */
export function momentOf(text, zone = timeZone()) {
  const [, year, month, day, hour, minute, second] = (PATTERN.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || !isTimeZone(zone)) return undefined;
  const there = Date.UTC(year, month - 1, day, hour, minute, second || 0);
  if (new Date(there).toISOString().slice(0, 16) !== text.slice(0, 16)) return undefined;
  // The offset at the moment itself may differ from that at the first guess.
  const guess = there - offset(there, zone);
  const moment = there - offset(guess, zone);
  return new Date(moment + offset(moment, zone) === there ? moment : Math.max(guess, moment)).toISOString();
}

/**
 * Converts a moment to the text of a `datetime-local` field.
 * @param {string | null | undefined} moment @param {string} [zone] by whose clocks; this device's if left out
 */
export function localText(moment, zone = timeZone()) {
  const at = Date.parse(moment ?? "");
  if (Number.isNaN(at) || !isTimeZone(zone)) return "";
  return new Date(at + offset(at, zone)).toISOString().slice(0, at % 60_000 === 0 ? 16 : 19);
}

/** @param {number} at @param {string} zone @returns {number} milliseconds that its clocks are ahead of UTC, in whole seconds */
function offset(at, zone) {
  const parts = new Intl.DateTimeFormat("en-u-ca-gregory", {
    timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric",
    second: "numeric",
  }).formatToParts(at);
  const value = (/** @type {string} */ type) => Number(parts.find((part) => part.type === type)?.value);
  const there = Date.UTC(value("year"), value("month") - 1, value("day"), value("hour"), value("minute"), value("second"));
  return there - Math.floor(at / 1000) * 1000;
}
