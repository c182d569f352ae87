import { mapCatalog } from "../catalog/map.js";
import { addCatalog, formatMoney, language, t } from "../lib/i18n.js";
import { Look } from "./looks.js";

addCatalog(mapCatalog);

/**
 * @typedef {import("./looks.js").Scene} Scene
 * @typedef {import("./looks.js").Mode} Mode
 */

const NAMES = Object.keys(Look);

/** @param {number} look a member of `Look` @param {Mode} mode */
export function stateWord(look, mode) {
  const name = look === Look.dim ? "free" : /** @type {string} */ (NAMES[look]);
  const isTheOrganizers = mode === "manage" && (look === Look.held || look === Look.blocked || look === Look.picked);
  return t(`map.${isTheOrganizers ? "manage" : "state"}.${name}`);
}

/** @param {number} amount @param {string} currency @returns {string} empty if there is no price */
export const priceWord = (amount, currency) => (Number.isNaN(amount) ? "" : formatMoney(amount, currency));

/** @param {Scene} scene @param {number} index the seat to describe in one line */
export function seatSentence(scene, index) {
  const { chart } = scene;
  const { name, amount } = chart.categoryAt(index);
  const price = priceWord(amount, chart.currency);
  const values = { ...chart.label(index), category: name, price, state: stateWord(scene.lookOf(index), scene.mode) };
  return t(price === "" ? "map.seatUnpriced" : "map.seat", values);
}

/**
 * @param {Scene} scene @param {number} section @param {number} free
 * @returns {{ price: string, free: string }}
 */
export function sectionWords(scene, section, free) {
  const price = priceWord(scene.chart.minimumAmount(section, scene.filter), scene.chart.currency);
  return { price: price === "" ? "" : t("map.from", { price }), free: freeWord(free, scene.filter) };
}

/** @type {Map<string, string>} cached because they are looked up many times a second during a sale */
const freeWords = new Map();

/** @param {string} key @param {number} free */
function counted(key, free) {
  const name = `${language()} ${key} ${free}`;
  const known = freeWords.get(name);
  if (known !== undefined) return known;
  const word = t(key, { count: free });
  freeWords.set(name, word);
  return word;
}

/** @param {number} free tickets of an area */
export const freeTicketsWord = (free) => (free > 0 ? counted("map.freeTickets", free) : t("map.none"));

/** @param {number} free seats @param {string | undefined} filter */
export function freeWord(free, filter) {
  if (free > 0) return counted("map.free", free);
  return filter === undefined ? t("map.none") : t("map.noneFiltered", { category: filter });
}
