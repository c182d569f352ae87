/** @param {number} value */
const two = (value) => String(value).padStart(2, "0");

/**
 * Converts the text of a `datetime-local` field, in this device's time zone, to a moment.
 * @param {string} text
 * @returns {string | undefined} RFC 3339 in UTC; undefined if it is not a time
 */
export function momentOf(text) {
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?$/.test(text)) return undefined;
  const moment = new Date(text);
  return Number.isNaN(moment.getTime()) ? undefined : moment.toISOString();
}

/**
 * Converts a moment to the text of a `datetime-local` field.
 * @param {string | null | undefined} moment
 */
export function localText(moment) {
  const date = new Date(moment ?? "");
  if (Number.isNaN(date.getTime())) return "";
  const day = `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())}`;
  const seconds = date.getSeconds() === 0 ? "" : `:${two(date.getSeconds())}`;
  return `${day}T${two(date.getHours())}:${two(date.getMinutes())}${seconds}`;
}

/** The name of this device's time zone. */
export const timeZone = () => Intl.DateTimeFormat().resolvedOptions().timeZone;
