import { el, setText } from "../lib/dom.js";
import { language, t } from "../lib/i18n.js";
import { meet, middle } from "./geometry.js";
import { visible } from "./view.js";
import { freeTicketsWord, freeWord } from "./words.js";

/**
 * @typedef {import("./looks.js").Scene} Scene
 * @typedef {import("./view.js").View} View
 * @typedef {{ element: HTMLElement, name: HTMLElement, price: HTMLElement, free: HTMLElement, x: number, y: number,
 *   top: number, width: number, height: number, shown: string }} Label
 */

/** From this many pixels between neighbors on, the map shows seats; below it, sections. */
export const SEATS_FROM = 8;
const MOST_PINS = 40;
/** The height of a section's name. */
const NAME_PIXELS = 24;
/** What a label can show, most first, and the pixels it takes. */
const DETAILS = [
  { shown: "all", wide: 58, wideForEach: 0, high: 46 },
  { shown: "free", wide: 54, wideForEach: 0, high: 31 },
  { shown: "name", wide: 4, wideForEach: 6, high: 13 },
];

/** Labels for sections, areas and decor: elements above the map, so they stay sharp and use the page's font. */
export class MapLabels {
  element = el("div", { class: "seat-map-labels" });
  #pins = el("div", { class: "seat-map-pins" });
  #scene;
  /** @type {Label[]} */
  #sections;
  /** @type {Label[]} */
  #areas;
  /** @type {Label[]} */
  #decor;
  #scale = 0;
  /** @type {string | undefined} */
  #pricedFor;

  /** @param {Scene} scene */
  constructor(scene) {
    this.#scene = scene;
    const { chart } = scene;
    this.#sections = chart.sections.map(({ name, bounds }) => makeLabel(name, bounds, "section"));
    this.#areas = chart.areas.flatMap(({ name, shape }) => (shape ? [makeLabel(name, shape.bounds, "area")] : []));
    this.#decor = chart.decor.flatMap(({ text, bounds, isStage }) => {
      const name = isStage ? t("map.stage") : text;
      return name === "" ? [] : [makeLabel(name, bounds, "decor")];
    });
    this.element.append(...this.#all().map((label) => label.element), this.#pins);
  }

  /** @param {View} view @param {import("./view.js").Size} size of the screen */
  place(view, size) {
    this.element.style.setProperty("transform", `translate(${Math.round(view.x)}px, ${Math.round(view.y)}px)`);
    const isNear = this.#scene.chart.spacing * view.scale >= SEATS_FROM;
    if (isNear) this.#keepNames(view, size);
    if (this.#scale === view.scale) return;
    this.#scale = view.scale;
    const ofSections = isNear ? "above" : this.#detailOfSections(view.scale);
    for (const label of this.#all()) {
      const isSection = label.element.dataset["kind"] === "section";
      const shown = isSection ? ofSections : detailOfArea(label.width * view.scale, label.height * view.scale);
      if (shown !== label.shown) {
        label.shown = shown;
        label.element.dataset["shown"] = shown;
      }
      if (shown === "above") continue;
      label.element.hidden = false;
      moveTo(label, label.x * view.scale, label.y * view.scale, "-50%");
    }
    this.#placePins();
  }

  /**
   * While seats are shown, each section's name stands above it, or where it leaves the screen, at the screen's edge.
   * @param {View} view @param {import("./view.js").Size} size
   */
  #keepNames(view, size) {
    const onScreen = visible(view, size);
    for (const [section, label] of this.#sections.entries()) {
      const { bounds } = /** @type {import("./chart.js").Section} */ (this.#scene.chart.sections[section]);
      const isSeen = meet(bounds, onScreen);
      label.element.hidden = !isSeen;
      if (!isSeen) continue;
      const x = (Math.max(bounds.left, onScreen.left) + Math.min(bounds.right, onScreen.right)) / 2;
      const isCut = label.top * view.scale + view.y < NAME_PIXELS && bounds.bottom * view.scale + view.y > 2 * NAME_PIXELS;
      moveTo(label, x * view.scale, isCut ? NAME_PIXELS + 6 - view.y : label.top * view.scale, "-100%");
    }
  }

  /** @param {number[]} free seats in each section */
  say(free) {
    const { chart, filter, states } = this.#scene;
    // Prices depend on the language, the filter and the organizer, not on sales.
    const key = `${language()} ${filter} ${chart.edition}`;
    const isNew = this.#pricedFor !== key;
    this.#pricedFor = key;
    for (const [section, label] of this.#sections.entries()) {
      const count = free[section] ?? 0;
      if (isNew) setText(label.price, shortPrice(chart.minimumAmount(section, filter), chart.currency));
      setText(label.free, freeWord(count, undefined));
      label.element.classList.toggle("is-none", count === 0);
    }
    const shaped = chart.areas.filter((area) => area.shape);
    for (const [place, label] of this.#areas.entries()) {
      const area = shaped[place];
      if (!area) continue;
      const count = states.areas.get(area.name) ?? 0;
      setText(label.price, shortPrice(area.amount, chart.currency));
      setText(label.free, freeTicketsWord(count));
      label.element.classList.toggle("is-none", count === 0 || (filter !== undefined && filter !== area.category));
    }
  }

  /** Pins the fan's seats so that they can be found on the whole map too. */
  pin() {
    const { selected, mine } = this.#scene;
    const wanted = [...new Set([...mine, ...selected])].slice(0, MOST_PINS);
    this.#pins.replaceChildren(
      ...wanted.map((index) => el("span", { class: ["seat-map-pin", selected.has(index) || "is-mine"], dataset: { index } })),
    );
    this.#placePins();
  }

  #placePins() {
    const { chart } = this.#scene;
    // Once seats are large enough to show their check mark, a pin would only hide the neighbors.
    this.#pins.hidden = chart.spacing * this.#scale >= 14;
    for (const pin of this.#pins.children) {
      if (!(pin instanceof HTMLElement)) continue;
      const index = Number(pin.dataset["index"]);
      const x = (chart.x[index] ?? 0) * this.#scale;
      const y = (chart.y[index] ?? 0) * this.#scale;
      pin.style.setProperty("transform", `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, -50%)`);
    }
  }

  /**
   * The most detail that every section can show without labels overlapping.
   * @param {number} scale
   */
  #detailOfSections(scale) {
    return DETAILS.find(({ wide, high, wideForEach }) => {
      const sections = this.#sections;
      return sections.every((one, place) => {
        const ownWide = wide + wideForEach * (one.name.textContent?.length ?? 0);
        for (let next = place + 1; next < sections.length; next += 1) {
          const other = /** @type {Label} */ (sections[next]);
          const apartX = Math.abs(one.x - other.x) * scale;
          const apartY = Math.abs(one.y - other.y) * scale;
          if (apartX < ownWide && apartY < high) return false;
        }
        return true;
      });
    })?.shown ?? "nothing";
  }

  #all() {
    return [...this.#sections, ...this.#areas, ...this.#decor];
  }
}

/** @param {string} text @param {import("./geometry.js").Bounds} bounds @param {string} kind @returns {Label} */
function makeLabel(text, bounds, kind) {
  const name = el("b", null, text);
  const price = el("span", { class: "price" });
  const free = el("span", { class: "free" });
  const element = el("div", { class: "seat-map-label", dataset: { kind } }, name, price, free);
  const width = bounds.right - bounds.left;
  return { element, name, price, free, ...middle(bounds), top: bounds.top, width, height: bounds.bottom - bounds.top, shown: "" };
}

/** @param {Label} label @param {number} x @param {number} y in pixels @param {string} shift of its own height */
function moveTo(label, x, y, shift) {
  label.element.style.setProperty("transform", `translate(${x.toFixed(1)}px, ${y.toFixed(1)}px) translate(-50%, ${shift})`);
}

/**
 * How much detail fits on an area of this size.
 * @param {number} wide in pixels @param {number} high in pixels
 */
function detailOfArea(wide, high) {
  if (wide < 24) return "nothing";
  if (wide < 60 || high < 30) return "name";
  return wide < 72 || high < 46 ? "free" : "all";
}

/** @type {Map<string, { format: Intl.NumberFormat, minor: number }>} */
const shortFormats = new Map();

/**
 * A price in short form: `₩198K`, `₩19.8만`.
 * @param {number} amount @param {string} currency
 */
function shortPrice(amount, currency) {
  if (Number.isNaN(amount)) return "";
  const key = `${language()} ${currency}`;
  let known = shortFormats.get(key);
  if (!known) {
    const money = { style: "currency", currency };
    const digits = new Intl.NumberFormat(language(), money).resolvedOptions().maximumFractionDigits ?? 0;
    const format = new Intl.NumberFormat(language(), { ...money, notation: "compact", maximumFractionDigits: 1 });
    known = { format, minor: 10 ** digits };
    shortFormats.set(key, known);
  }
  return known.format.format(amount / known.minor);
}
