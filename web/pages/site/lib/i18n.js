/** @typedef {"ko" | "en"} Language */
/** @typedef {Record<string, string>} Catalog */

const KEPT = "onsale.language";

/** @type {Record<Language, Catalog>} */
const catalogs = { ko: {}, en: {} };
/** @type {Language} */
let current = "en";

/**
 * Adds the strings for a part of the pages. Both languages must have the same keys (a test compares them).
 * @param {Record<Language, Catalog>} texts
 */
export function addCatalog(texts) {
  Object.assign(catalogs.ko, texts.ko);
  Object.assign(catalogs.en, texts.en);
}

/** @returns {Language} */
export const language = () => current;

/** The language chosen earlier, else the browser's first preference that we support. */
export function initialLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (kept === "ko" || kept === "en") return kept;
  for (const tag of navigator.languages) {
    if (tag.startsWith("ko")) return "ko";
    if (tag.startsWith("en")) return "en";
  }
  return "en";
}

/** @param {Language} next @param {{ isChosen?: boolean }} [options] whether to remember it */
export function setLanguage(next, options = {}) {
  current = next;
  if (options.isChosen) localStorage.setItem(KEPT, next);
  if (typeof document !== "undefined") document.documentElement.lang = next;
}

/**
 * A string from the catalog. `{name}` is replaced by a value. If `count` is among the values, the plural form
 * `key.one` or `key.other` is chosen by `Intl.PluralRules`, where the key has such forms.
 *
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const catalog = catalogs[current];
  const count = values["count"];
  let text = catalog[key];
  if (typeof count === "number") {
    const form = new Intl.PluralRules(current).select(count);
    text = catalog[`${key}.${form}`] ?? catalog[`${key}.other`] ?? text;
  }
  // A missing string is a bug for the tests to find; the user still has to see something.
  return (text ?? key).replace(/\{(\w+)\}/g, (whole, name) => {
    const value = values[name];
    if (value === undefined) return whole;
    return typeof value === "number" ? formatNumber(value) : value;
  });
}

/** @type {Map<string, Intl.NumberFormat | Intl.DateTimeFormat>} creating one is slow */
const formats = new Map();

/** @template {Intl.NumberFormat | Intl.DateTimeFormat} Format @param {string} key @param {() => Format} make */
function format(key, make) {
  const name = `${current} ${key}`;
  const known = /** @type {Format | undefined} */ (formats.get(name));
  if (known) return known;
  const made = make();
  formats.set(name, made);
  return made;
}

/** @param {number} value */
export function formatNumber(value) {
  return format("number", () => new Intl.NumberFormat(current)).format(value);
}

/** @param {number} amount in minor units @param {string} currency ISO 4217 */
export function formatMoney(amount, currency) {
  const money = format(`money ${currency}`, () => new Intl.NumberFormat(current, { style: "currency", currency }));
  return money.format(amount / 10 ** (money.resolvedOptions().maximumFractionDigits ?? 0));
}

/** @param {number} amount in minor units @param {string} currency ISO 4217 @returns {string} rounded, for an axis */
export function formatBriefMoney(amount, currency) {
  const money = format(
    `brief money ${currency}`,
    () => new Intl.NumberFormat(current, { style: "currency", currency, notation: "compact", minimumFractionDigits: 0, maximumFractionDigits: 1 }),
  );
  const digits = new Intl.NumberFormat(current, { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
  return money.format(amount / 10 ** (digits ?? 0));
}

/** @param {string | Date} moment @param {Intl.DateTimeFormatOptions} [options] */
export function formatDate(moment, options = { dateStyle: "full", timeStyle: "short" }) {
  return format(JSON.stringify(options), () => new Intl.DateTimeFormat(current, options)).format(new Date(moment));
}

/** @param {number} seconds shown as `4:07`, or as `1:04:07` from an hour on */
export function formatClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
