import { isTimeZone, localText, momentOf, timeZone } from "./local-time.js";
import { currencyDecimals, parseMoney, writeMoney } from "./money-input.js";

/**
 * @typedef {import("./plan-check.js").Fault} Fault
 * @typedef {import("./plan-check.js").PlanSummary} PlanSummary
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 */

/**
 * A new event as entered in the form: raw field texts, with times by the venue's clocks.
 * @typedef {object} Draft
 * @property {string} id
 * @property {string} title
 * @property {string} venue
 * @property {string} timeZone the venue's, by IANA
 * @property {string} startsAt
 * @property {string} description
 * @property {string} posterURL
 * @property {string} ageLimit
 * @property {string} runningMinutes
 * @property {string} terms
 * @property {string} currency
 * @property {Record<string, string>} prices by category
 * @property {{ name: string, capacity: string, category: string }[]} areas
 * @property {string} lobbyOpensAt
 * @property {string} opensAt empty: immediately
 * @property {string} closesAt
 * @property {boolean} waitingRoom
 * @property {string} maxActiveShoppers
 * @property {string} passSeconds
 * @property {string} passIdleSeconds empty: the server's default
 * @property {string} frontSeconds empty: the server's default
 * @property {string} ticketsPerBuyer
 * @property {string} holdSeconds
 * @property {boolean} preventOrphans
 */

/** @returns {Draft} */
export const emptyDraft = () => ({
  id: "",
  title: "",
  venue: "",
  timeZone: timeZone(),
  startsAt: "",
  description: "",
  posterURL: "",
  ageLimit: "",
  runningMinutes: "",
  terms: "",
  currency: "KRW",
  prices: {},
  areas: [],
  lobbyOpensAt: "",
  opensAt: "",
  closesAt: "",
  waitingRoom: true,
  maxActiveShoppers: "500",
  passSeconds: "600",
  passIdleSeconds: "",
  frontSeconds: "",
  ticketsPerBuyer: "4",
  holdSeconds: "300",
  preventOrphans: false,
});

/** @param {any} value @returns {value is Draft} */
export const isDraft = (value) =>
  typeof value === "object" &&
  value !== null &&
  Object.entries(emptyDraft()).every(([name, known]) => typeof value[name] === typeof known) &&
  Array.isArray(value.areas) &&
  value.areas.every((/** @type {any} */ area) =>
    [area?.name, area?.capacity, area?.category].every((text) => typeof text === "string"),
  );

/**
 * The categories that need a price: the plan's in its order, then the areas'.
 * @param {Pick<PlanSummary, "categories"> | undefined} summary @param {Draft["areas"]} areas
 * @returns {string[]}
 */
export function categoriesInUse(summary, areas) {
  const seated = (summary?.categories ?? []).filter((category) => category.seats > 0).map((category) => category.name);
  const standing = areas.map((area) => area.category.trim()).filter((name) => name !== "");
  return [...new Set([...seated, ...standing])];
}

/** @param {string} text @returns {number} `NaN` if it is not a whole number */
export const whole = (text) => (/^\d{1,12}$/.test(text.trim()) ? Number(text) : Number.NaN);

/**
 * What one buyer may do, with its pointers and the range the server accepts.
 * @type {["ticketsPerBuyer" | "holdSeconds", string, number, number][]}
 */
export const LIMITS = [
  ["ticketsPerBuyer", "/limits/ticketsPerBuyer", 1, 1_000_000],
  ["holdSeconds", "/limits/holdSeconds", 1, 86_400],
];

/**
 * The number fields, likewise.
 * @type {[keyof Draft, string, number, number][]}
 */
const NUMBERS = [
  ["maxActiveShoppers", "/onsale/maxActiveShoppers", 1, 1_000_000],
  ["passSeconds", "/onsale/passSeconds", 1, 86_400],
  ...LIMITS,
];

/**
 * The number fields that may be left empty.
 * @type {[keyof Draft, string, number, number][]}
 */
const OPTIONAL_NUMBERS = [
  ["passIdleSeconds", "/onsale/passIdleSeconds", 10, 3600],
  ["frontSeconds", "/onsale/frontSeconds", 0, 86_400],
  ["ageLimit", "/ageLimit", 0, 150],
  ["runningMinutes", "/runningMinutes", 1, 10_080],
];
/** Texts that may be left out. */
const OPTIONAL_TEXTS = /** @type {const} */ (["description", "posterURL", "terms"]);

const TEXT_BYTES_MOST = 500;
/** @param {string} text */
const bytesOf = (text) => new TextEncoder().encode(text).length;

/**
 * @param {string} text a price as typed @param {string} currency
 * @returns {string | undefined} the reason why it is none
 */
export function priceFault(text, currency) {
  if (text.trim() === "") return "price.missing";
  if (parseMoney(text, currency) !== undefined) return undefined;
  return currency === "KRW" ? "price.notWon" : "price.notAmount";
}

/**
 * Finds what is wrong with a draft before it is sent. The plan itself is checked by `readPlan`.
 * @param {Draft} draft @param {Pick<PlanSummary, "categories" | "seats"> | undefined} summary
 * @returns {Fault[]}
 */
export function checkDraft(draft, summary) {
  /** @type {Fault[]} */
  const faults = [];
  const add = (/** @type {string} */ pointer, /** @type {string} */ reason, /** @type {Fault["values"]} */ values = {}) =>
    faults.push({ pointer, reason, values });

  if (draft.title.trim() === "") add("/title", "missing");
  else if (bytesOf(draft.title.trim()) > TEXT_BYTES_MOST) add("/title", "tooLong", { most: TEXT_BYTES_MOST });
  if (bytesOf(draft.venue.trim()) > TEXT_BYTES_MOST) add("/venue", "tooLong", { most: TEXT_BYTES_MOST });
  if (draft.id !== "" && !/^[a-z0-9-]{1,64}$/.test(draft.id)) add("/id", "slug");
  if (!isTimeZone(draft.timeZone)) add("/timeZone", "zone");
  else if (draft.startsAt === "") add("/startsAt", "missing");
  else if (momentOf(draft.startsAt, draft.timeZone) === undefined) add("/startsAt", "moment");
  const hasCurrency = currencyDecimals(draft.currency) !== undefined;
  if (!hasCurrency) add("/currency", "currency");

  if ((summary?.seats ?? 0) === 0 && draft.areas.length === 0) add("", "nothingToSell");
  /** @type {Set<string>} */
  const names = new Set();
  draft.areas.forEach((area, index) => {
    const name = area.name.trim();
    if (name === "") add(`/areas/${index}/name`, "missing");
    else if (names.has(name)) add(`/areas/${index}/name`, "twiceNamed", { name });
    names.add(name);
    const capacity = whole(area.capacity);
    if (!(capacity >= 1 && capacity <= 1_000_000)) add(
      `/areas/${index}/capacity`,
      "fromTo",
      { least: 1, most: 1_000_000 },
    );
    if (area.category.trim() === "") add(`/areas/${index}/category`, "missing");
  });
  categoriesInUse(summary, draft.areas).forEach((category, index) => {
    const reason = priceFault(draft.prices[category] ?? "", draft.currency);
    // In no currency nothing is an amount.
    if (reason === "price.missing" || (reason !== undefined && hasCurrency)) add(`/prices/${index}/amount`, reason);
  });

  checkTimes(draft, add);
  const given = OPTIONAL_NUMBERS.filter(([field]) => String(draft[field]).trim() !== "");
  for (const [field, pointer, least, most] of [...NUMBERS, ...given]) {
    const value = whole(String(draft[field]));
    if (!(value >= least && value <= most)) add(pointer, "fromTo", { least, most });
  }
  return faults;
}

/** @param {Draft} draft @param {(pointer: string, reason: string) => void} add */
function checkTimes(draft, add) {
  if (!isTimeZone(draft.timeZone)) return;
  for (const field of /** @type {const} */ (["lobbyOpensAt", "opensAt", "closesAt"])) {
    if (draft[field] !== "" && momentOf(draft[field], draft.timeZone) === undefined) add(`/onsale/${field}`, "moment");
  }
  const opens = momentOf(draft.opensAt, draft.timeZone) ?? new Date().toISOString();
  const lobby = momentOf(draft.lobbyOpensAt, draft.timeZone);
  const closes = momentOf(draft.closesAt, draft.timeZone);
  if (lobby !== undefined && lobby > opens) add("/onsale/lobbyOpensAt", "lobbyAfterOpening");
  if (closes !== undefined && closes <= opens) add("/onsale/closesAt", "closesBeforeOpening");
}

/**
 * The request that creates the event. Prices and areas are in the order of their fields, so that the server's pointers
 * lead back to them.
 * @param {Draft} draft @param {SeatingPlan | undefined} plan
 * @param {Pick<PlanSummary, "categories"> | undefined} summary
 */
export function toRequest(draft, plan, summary) {
  const moment = (/** @type {string} */ text) => momentOf(text, draft.timeZone);
  const texts = OPTIONAL_TEXTS.filter((name) => draft[name].trim() !== "").map((name) => [name, draft[name].trim()]);
  return {
    ...(draft.id !== "" && { id: draft.id }),
    title: draft.title.trim(),
    venue: draft.venue.trim(),
    startsAt: moment(draft.startsAt) ?? draft.startsAt,
    timeZone: draft.timeZone,
    .../** @type {Partial<Record<typeof OPTIONAL_TEXTS[number], string>>} */ (Object.fromEntries(texts)),
    ...(draft.ageLimit.trim() !== "" && { ageLimit: whole(draft.ageLimit) }),
    ...(draft.runningMinutes.trim() !== "" && { runningMinutes: whole(draft.runningMinutes) }),
    currency: draft.currency,
    ...(plan && { seatingPlan: plan }),
    ...(draft.areas.length > 0 && {
      areas: draft.areas.map((area) => ({
        name: area.name.trim(),
        capacity: whole(area.capacity),
        category: area.category.trim(),
      })),
    }),
    prices: categoriesInUse(summary, draft.areas).map((category) => ({
      category,
      amount: parseMoney(draft.prices[category] ?? "", draft.currency),
    })),
    onsale: {
      lobbyOpensAt: moment(draft.lobbyOpensAt) ?? null,
      ...(draft.opensAt !== "" && { opensAt: moment(draft.opensAt) }),
      closesAt: moment(draft.closesAt) ?? null,
      waitingRoom: draft.waitingRoom,
      maxActiveShoppers: whole(draft.maxActiveShoppers),
      passSeconds: whole(draft.passSeconds),
      ...(draft.passIdleSeconds.trim() !== "" && { passIdleSeconds: whole(draft.passIdleSeconds) }),
      ...(draft.frontSeconds.trim() !== "" && { frontSeconds: whole(draft.frontSeconds) }),
    },
    limits: {
      ticketsPerBuyer: whole(draft.ticketsPerBuyer),
      holdSeconds: whole(draft.holdSeconds),
      preventOrphans: draft.preventOrphans,
    },
  };
}

/**
 * A draft of another event like a given one, for the next night. Its address is left open, since it must be another.
 * @param {import("../../../client/src/types.js").Event} event @returns {Draft}
 */
export function copyOf(event) {
  const zone = event.timeZone ?? timeZone();
  const { onsale, limits } = event;
  return {
    ...emptyDraft(),
    title: event.title,
    venue: event.venue,
    timeZone: zone,
    startsAt: localText(event.startsAt, zone),
    description: event.description ?? "",
    posterURL: event.posterURL ?? "",
    ageLimit: String(event.ageLimit ?? ""),
    runningMinutes: String(event.runningMinutes ?? ""),
    terms: event.terms ?? "",
    currency: event.currency,
    prices: Object.fromEntries(event.prices.map(({ category, amount }) => [category, writeMoney(amount, event.currency)])),
    areas: event.areas.map(({ name, capacity, category }) => ({ name, capacity: String(capacity), category })),
    lobbyOpensAt: localText(onsale.lobbyOpensAt, zone),
    opensAt: localText(onsale.opensAt, zone),
    closesAt: localText(onsale.closesAt, zone),
    waitingRoom: onsale.waitingRoom,
    maxActiveShoppers: String(onsale.maxActiveShoppers),
    passSeconds: String(onsale.passSeconds),
    passIdleSeconds: String(onsale.passIdleSeconds ?? ""),
    frontSeconds: String(onsale.frontSeconds ?? ""),
    ticketsPerBuyer: String(limits.ticketsPerBuyer),
    holdSeconds: String(limits.holdSeconds),
    preventOrphans: limits.preventOrphans,
  };
}
