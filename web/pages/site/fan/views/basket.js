import { el, show } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { paint } from "../../map/colors.js";
import { seatName } from "../words.js";

/**
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("../../lib/dom.js").Child} Child
 */

/**
 * @typedef {object} BasketActions
 * @property {(index: number) => void} remove
 * @property {(seats: number[]) => void} hold
 */

/**
 * The picked seats, and whatever there is to say about them. A seat that somebody else got keeps its line until the fan
 * does something, and messages go where nothing has to make room for them: nothing moves by itself under a finger.
 */
export class Basket {
  #heading = el("h2", { tabindex: "-1" }, t("basket.title"));
  #list = el("ul", { class: "basket-seats" });
  #foot = el("div", { class: "row spread basket-foot" });
  #note = el("div", { class: "basket-note", role: "alert" });
  element = el(
    "section",
    { class: "card basket is-empty", "aria-label": t("basket.title") },
    this.#heading,
    this.#list,
    this.#foot,
    this.#note,
  );
  #currency;
  #actions;
  #shown = "";

  /** @param {string} currency @param {BasketActions} actions */
  constructor(currency, actions) {
    this.#currency = currency;
    this.#actions = actions;
  }

  /** @param {boolean} isBusy */
  set isBusy(isBusy) {
    if (isBusy) this.element.setAttribute("aria-busy", "true");
    else this.element.removeAttribute("aria-busy");
  }

  /**
   * @param {SeatingChart} chart
   * @param {number[]} seats everything picked, in the order it was picked @param {Set<number>} gone which of them are lost
   */
  show(chart, seats, gone) {
    const key = `${chart.edition}: ${seats.map((index) => `${index}${gone.has(index) ? "!" : ""}`).join()}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const place = this.#focusedPlace();
    this.element.classList.toggle("is-empty", seats.length === 0);
    show(this.#list, seats.map((index) => this.#line(chart, index, gone.has(index))));
    const left = seats.filter((index) => !gone.has(index));
    const amount = left.reduce((sum, index) => sum + chart.categoryAt(index).amount, 0);
    show(
      this.#foot,
      seats.length > 0 && [
        el("p", { class: "number total" }, t("basket.sum", { count: left.length, amount: formatMoney(amount, this.#currency) })),
        el(
          "button",
          { type: "button", class: "primary", disabled: left.length === 0, onclick: () => this.#actions.hold(left) },
          t("basket.hold"),
        ),
      ],
    );
    if (place >= 0) this.#focusAt(place);
  }

  /** @param {...Child} message nothing takes the last one away */
  tell(...message) {
    const isSaid = message.some(Boolean);
    this.element.classList.toggle("has-note", isSaid);
    show(this.#note, isSaid && el("div", { class: "notice warn stack" }, message));
    if (isSaid) this.#note.scrollIntoView({ block: "nearest" });
  }

  /** What stands where it is shown, from top to bottom. */
  get parts() {
    return [this.#list, this.#foot, this.#note];
  }

  /** Moves the focus to what comes next: the way on, or else the heading. */
  focus() {
    const next = this.#foot.querySelector("button:enabled");
    (next instanceof HTMLElement ? next : this.#heading).focus();
  }

  /** @param {SeatingChart} chart @param {number} index @param {boolean} isGone */
  #line(chart, index, isGone) {
    const name = seatName(chart.name(index), chart);
    const { name: category, amount, color } = chart.categoryAt(index);
    return el(
      "li",
      { class: [isGone && "is-gone"] },
      paint(el("span", { class: "dot", "aria-hidden": "true" }), color),
      el("span", { class: "basket-seat" }, name),
      el(
        "span",
        { class: "soft small basket-price" },
        isGone ? t("basket.gone") : `${category} · ${formatMoney(amount, this.#currency)}`,
      ),
      el(
        "button",
        {
          type: "button",
          class: "plain",
          inert: isGone,
          "aria-label": t("basket.remove", { seat: name }),
          onclick: () => this.#actions.remove(index),
        },
        "✕",
      ),
    );
  }

  /** @returns {number} which line has the focus; -1 if none */
  #focusedPlace() {
    const focused = document.activeElement;
    return [...this.#list.children].findIndex((line) => focused !== null && line.contains(focused));
  }

  /** @param {number} place whose line may be gone */
  #focusAt(place) {
    const buttons = [...this.#list.querySelectorAll("button:not([inert])")];
    const next = buttons[Math.min(place, buttons.length - 1)];
    if (next instanceof HTMLElement) next.focus();
    else this.#heading.focus();
  }
}
