import { el, setText, show } from "../../lib/dom.js";
import { formatMoney, formatSpan, t } from "../../lib/i18n.js";
import { actionButton } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("../../../../client/src/index.js").SeatStates} SeatStates
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("./price-chips.js").Wanted} Wanted
 */

/**
 * What choosing takes.
 * @typedef {object} Choosing
 * @property {SeatingChart} chart
 * @property {Event} event
 * @property {SeatStates} states
 * @property {() => number} allowance how many more tickets the fan may hold
 * @property {(wanted: CreateHold) => Promise<void>} hold
 */

/** Holds how many of what the chips say, without the map: the best seats of a category, or tickets of an area. */
export class ChoicePanel {
  element = el("section", { class: "card choice-panel" });
  #choosing;
  /** @type {(() => void) | undefined} */
  #update;

  /** @param {Choosing} choosing */
  constructor(choosing) {
    this.#choosing = choosing;
  }

  /** @param {Wanted} wanted */
  show(wanted) {
    this.element.dataset["kind"] = wanted.kind;
    this.#update = undefined;
    if (wanted.kind === "all") this.#showHint();
    else if (wanted.kind === "category") this.#showBest(wanted.name);
    else this.#showArea(wanted.name);
  }

  /** Called when places have come or gone, or prices have changed. */
  update() {
    this.#update?.();
  }

  #showHint() {
    const { event: { limits } } = this.#choosing;
    show(
      this.element,
      el("p", { class: "soft" }, t("choice.hint", { count: limits.ticketsPerBuyer, time: formatSpan(limits.holdSeconds) })),
    );
  }

  /** @param {string} category */
  #showBest(category) {
    const { chart, hold } = this.#choosing;
    const sold = chart.categories.find(({ name }) => name === category);
    const price = el("span");
    this.#update = () => this.#showPrice(price, sold?.amount ?? NaN);
    this.#update();
    const quantity = this.#stepper(t("quantity"));
    show(
      this.element,
      this.#title(t("best.title"), category, price),
      el(
        "div",
        { class: "choice-how-many" },
        quantity.element,
        actionButton(t("best.hold"), () => hold({ best: { category, quantity: quantity.value() } }), "primary"),
      ),
    );
  }

  /** @param {string} name */
  #showArea(name) {
    const { chart, states, hold } = this.#choosing;
    const free = el("span", { class: "soft small number" });
    const sold = chart.areas.find((area) => area.name === name);
    const price = el("span");
    const quantity = this.#stepper(t("areas.quantity", { area: name }));
    this.#update = () => {
      const count = states.areas.get(name);
      setText(free, count === undefined ? "" : t("areas.free", { count }));
      this.#showPrice(price, sold?.amount ?? NaN);
    };
    this.#update();
    show(
      this.element,
      this.#title(name, "", price, free),
      el(
        "div",
        { class: "choice-how-many" },
        quantity.element,
        actionButton(t("basket.hold"), () => hold({ area: name, quantity: quantity.value() }), "primary"),
      ),
    );
  }

  /** @param {HTMLElement} place @param {number} amount `NaN` for none */
  #showPrice(place, amount) {
    setText(place, Number.isNaN(amount) ? "" : formatMoney(amount, this.#choosing.event.currency));
  }

  /** @param {string} title @param {string} category @param {HTMLElement} price @param {HTMLElement} [note] */
  #title(title, category, price, note) {
    return el(
      "div",
      { class: "row spread" },
      el("h2", null, title),
      el("p", { class: "number" }, category, " ", price, " ", note),
    );
  }

  /** @param {string} label */
  #stepper(label) {
    const { allowance, event } = this.#choosing;
    return stepper(label, Math.min(2, Math.max(1, allowance())), event.limits.ticketsPerBuyer);
  }
}

/**
 * A number field from 1 to `most`, with a button on each side.
 * @param {string} label @param {number} first @param {number} most
 */
function stepper(label, first, most) {
  const input = el("input", {
    id: "quantity", type: "number", inputmode: "numeric", min: "1", max: String(most), class: "number",
  });
  input.value = String(first);
  const value = () => Math.min(most, Math.max(1, Math.round(Number(input.value)) || 1));
  input.addEventListener("change", () => (input.value = String(value())));
  const step = (/** @type {number} */ by, /** @type {string} */ name, /** @type {string} */ sign) =>
    el(
      "button",
      {
        type: "button",
        "aria-label": t(name, { what: label }),
        onclick: () => {
          input.value = String(Math.min(most, Math.max(1, value() + by)));
        },
      },
      sign,
    );
  const element = el(
    "div",
    { class: "field" },
    el("label", { for: "quantity", class: "visually-hidden" }, label),
    el("div", { class: "stepper" }, step(-1, "stepper.less", "−"), input, step(1, "stepper.more", "+")),
  );
  return { element, value };
}
