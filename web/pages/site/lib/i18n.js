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

/** Korean particles after a final consonant, and what stands in their place after a vowel. */
const PARTICLES = /** @type {Record<string, string>} */ ({ 을: "를", 이: "가", 은: "는" });
/** Codes and numbers, or several, which need a unit. */
const SHORT = /^(?:[A-Za-z0-9-]{1,4}|[가-힣])(?:, (?:[A-Za-z0-9-]{1,4}|[가-힣]))*$/;
/** Digits that are read with a final consonant: 영, 일, 삼, 육, 칠, 팔. */
const CLOSED_DIGITS = "013678";

/** @param {string} text @returns {boolean} whether it is read with a consonant at its end */
function endsClosed(text) {
  const last = text.replace(/[^\p{L}\p{N}]+$/u, "").slice(-1);
  const syllable = last.charCodeAt(0) - 0xac00;
  return syllable >= 0 && syllable < 11_172 ? syllable % 28 > 0 : last !== "" && CLOSED_DIGITS.includes(last);
}

/**
 * @param {string} value
 * @param {string | undefined} suffix a particle, which follows the value's sound, or a unit, which short values need
 */
function suffixed(value, suffix) {
  if (suffix === undefined) return value;
  const otherwise = PARTICLES[suffix];
  if (otherwise !== undefined) return value + (endsClosed(value) ? suffix : otherwise);
  // A name says itself what it is: 플로어, VIP석.
  return SHORT.test(value) && !value.endsWith(suffix) ? value + suffix : value;
}

/**
 * A string from the catalog. `{name}` is replaced by a value, `{name:을}` by one with its particle, `{name:구역}` by one
 * with its unit. If `count` is among the values, the plural form `key.one` or `key.other` is chosen, where the key has
 * such forms.
 *
 * @param {string} key @param {Record<string, string | number>} [values]
 */
export function t(key, values = {}) {
  const catalog = catalogs[current];
  const count = values["count"];
  let text = catalog[key];
  if (typeof count === "number") {
    // Korean has no plural, but may say one thing in another way than several.
    const form = count === 1 ? "one" : new Intl.PluralRules(current).select(count);
    text = catalog[`${key}.${form}`] ?? catalog[`${key}.other`] ?? text;
  }
  // A missing string is a bug for the tests to find; the user still has to see something.
  return (text ?? key).replace(/\{(\w+)(?::([^}]+))?\}/g, (whole, name, suffix) => {
    const value = values[name];
    if (value === undefined) return whole;
    return suffixed(typeof value === "number" ? formatNumber(value) : value, suffix);
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

/** What is said after a number of money; the sign before it would leave particles without a sound. */
const KOREAN_MONEY = /** @type {Record<string, string>} */ ({ KRW: "원", USD: "달러", EUR: "유로", JPY: "엔", GBP: "파운드" });

/** @param {number} amount in minor units @param {string} currency ISO 4217 @returns {string} as a sentence says it */
export function moneyWords(amount, currency) {
  const unit = current === "ko" ? KOREAN_MONEY[currency] : undefined;
  if (unit === undefined) return formatMoney(amount, currency);
  const money = format(`money ${currency}`, () => new Intl.NumberFormat(current, { style: "currency", currency }));
  const digits = money.resolvedOptions().maximumFractionDigits ?? 0;
  const number = format(`number ${digits}`, () => new Intl.NumberFormat(current, { minimumFractionDigits: digits }));
  return number.format(amount / 10 ** digits) + unit;
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

/** @param {string | Date} moment @param {string | undefined} zone IANA's @returns {string} its wall clock, to compare */
const wallClock = (moment, zone) =>
  format(`wall ${zone}`, () => new Intl.DateTimeFormat(current, { dateStyle: "short", timeStyle: "short", timeZone: zone }))
    .format(new Date(moment));

/** @param {string} zone @returns {Intl.DateTimeFormat} */
function namingZone(zone) {
  try {
    return new Intl.DateTimeFormat(current, { timeZone: zone, timeZoneName: "shortGeneric" });
  } catch {
    // Older browsers know offsets alone.
    return new Intl.DateTimeFormat(current, { timeZone: zone, timeZoneName: "short" });
  }
}

/**
 * A moment by the clocks of a place, with the zone named, and by one's own where they differ.
 * @param {string | Date} moment @param {string | undefined} zone IANA's; undefined if nobody knows: then one's own counts
 * @param {Intl.DateTimeFormatOptions} [options]
 * @returns {{ there: string, zone: string, own: string }} the last two empty where there is nothing to tell apart
 */
export function formatThere(moment, zone, options = { dateStyle: "full", timeStyle: "short" }) {
  try {
    if (zone === undefined || wallClock(moment, zone) === wallClock(moment, undefined)) {
      return { there: formatDate(moment, options), zone: "", own: "" };
    }
    const names = format(`zone ${zone}`, () => namingZone(zone));
    const name = names.formatToParts(new Date(moment)).find(({ type }) => type === "timeZoneName")?.value ?? zone;
    const own = formatDate(moment, { dateStyle: "medium", timeStyle: "short" });
    return { there: formatDate(moment, { ...options, timeZone: zone }), zone: name, own };
  } catch {
    // A zone that this browser doesn't know.
    return { there: formatDate(moment, options), zone: "", own: "" };
  }
}

/** @param {number} seconds @returns {string} as a sentence says it: `5 minutes`, `90 seconds` */
export function formatSpan(seconds) {
  const unit = seconds >= 60 && seconds % 60 === 0 ? "minute" : "second";
  const span = format(`span ${unit}`, () => new Intl.NumberFormat(current, { style: "unit", unit, unitDisplay: "long" }));
  return span.format(unit === "minute" ? seconds / 60 : seconds);
}

/** @param {number} seconds shown as `4:07`, or as `1:04:07` from an hour on */
export function formatClock(seconds) {
  const whole = Math.max(0, Math.ceil(seconds));
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  const hours = Math.floor(whole / 3600);
  const minutes = Math.floor(whole / 60) % 60;
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
