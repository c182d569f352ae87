import { Problem, SeatStates } from "../../../../client/src/index.js";
import { announce } from "../../lib/announce.js";
import { el, setText, show } from "../../lib/dom.js";
import { formatClock, formatMoney, formatSpan, t } from "../../lib/i18n.js";
import { Kept } from "../../lib/storage.js";
import { nearbyFree } from "../../map/suggest.js";
import "../../map/seat-list.js";
import "../../map/seat-map.js";
import { client, clock } from "../api.js";
import { chartOf } from "../chart.js";
import { Selection } from "../selection.js";
import { refusal, seatName, seatNames } from "../words.js";
import { holdsPanel } from "./holds-panel.js";
import { eventHead, heading, notice } from "./parts.js";
import { bestAvailable, categoryFilter, standingAreas } from "./shop-choices.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * @typedef {object} ShopModel
 * @property {Event} event
 * @property {import("../journey.js").Journey["phase"]} phase
 * @property {boolean} hasPass whether new seats may be held
 * @property {string | undefined} passExpiresAt
 * @property {Hold[]} holds the fan's own
 * @property {(wanted: CreateHold) => Promise<void>} hold rejects with the problem
 * @property {(id: string) => Promise<void>} release
 * @property {(id: string) => void} startCheckout
 * @property {() => void} leave gives up the pass
 * @property {(text: string) => void} warn shows a warning that stays until the fan's next step
 * @property {() => void} clearWarning
 */

/**
 * What the map and the list have in common.
 * @typedef {HTMLElement & { load(chart: SeatingChart, states: SeatStates): void, update(changed?: number[]): void,
 *   selected: Set<number>, mine: Set<number>,
 *   filter: string | undefined, mode: string }} SeatsElement
 */

const RETRY_MILLISECONDS = 4000;
/** At how many seconds left of the pass a screen reader announces it. */
const TOLD_SECONDS = [120, 30];
const FREE = ".";

/**
 * The seats, live, and every way to choose them.
 * @param {ShopModel} model @returns {import("./parts.js").View<ShopModel>}
 */
export const shopView = (model) => new Shop(model);

class Shop {
  title = t("shop.title");
  #model;
  #states = new SeatStates();
  #selection = new Selection();
  /** @type {Kept<string[]>} picked seats survive a reload */
  #kept;
  #ending = new AbortController();
  /** @type {SeatingChart | undefined} */
  #chart;
  #isHolding = false;
  #lastPassSeconds = Infinity;
  /** @type {(() => void) | undefined} */
  #updateAreas;

  #map = /** @type {SeatsElement} */ (document.createElement("seat-map"));
  #list = /** @type {SeatsElement} */ (document.createElement("seat-list"));
  #passClock = el("strong", { class: "number" });
  #passLine = el("p", { class: "pass-clock", role: "timer" }, t("shop.passLeft"), " ", this.#passClock);
  #state = el("div", { class: "stack" });
  #lost = el("div", { class: "stack", role: "alert" });
  #basket = el("section", { class: "card basket", "aria-label": t("basket.title") });
  #choices = el("div", { class: "stack" });
  /** @type {HTMLElement} */
  #filter = el("div");
  #seats = el("div", { class: "stack shop-seats" }, el("p", { class: "soft" }, t("shop.loading")));
  #holds;
  #leave = el("button", { type: "button", class: "plain", onclick: () => this.#model.leave() }, t("shop.leave"));

  /** @param {ShopModel} model */
  constructor(model) {
    this.#model = model;
    this.#kept = new Kept(
      `fan.picked.${model.event.id}`,
      /** @returns {value is string[]} */ (value) => Array.isArray(value),
      () => sessionStorage,
    );
    this.#holds = holdsPanel(model);
    this.element = el(
      "div",
      { class: "stack shop" },
      eventHead(model.event),
      el(
        "div",
        { class: "row spread" },
        heading(t("shop.title")),
        this.#passLine,
      ),
      this.#state,
      this.#holds.element,
      this.#lost,
      el(
        "div",
        { class: "shop-grid" },
        this.#seats,
        el("div", { class: "stack shop-side" }, this.#basket, this.#choices),
      ),
      // Far from the clock, which people tap at.
      el("p", null, this.#leave),
    );
    this.#showBasket();
    this.#load();
  }

  close() {
    this.#ending.abort();
  }

  // Seats

  async #load() {
    try {
      const chart = await chartOf(this.#model.event);
      if (this.#ending.signal.aborted) return;
      this.#chart = chart;
      this.#build(chart);
      this.#follow();
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      show(this.#seats, notice("warn", el("p", null, refusal(error)), el("p", { class: "small" }, t("retrying"))));
      setTimeout(() => this.#load(), RETRY_MILLISECONDS);
    }
  }

  /** @param {SeatingChart} chart */
  #build(chart) {
    const { event } = this.#model;
    const request = (/** @type {CreateHold} */ wanted) => this.#hold(wanted);
    const choices = [];
    if (chart.seatCount > 0) {
      this.#filter = categoryFilter(chart, event, (category) => {
        this.#map.filter = category;
        this.#list.filter = category;
      });
      choices.push(bestAvailable(chart, event, () => this.#allowance(), request));
      for (const element of [this.#map, this.#list]) {
        element.mode = "shop";
        element.addEventListener("pick", (pick) => this.#picked(/** @type {CustomEvent} */ (pick).detail));
      }
    }
    if (chart.areas.length > 0) {
      const areas = standingAreas(chart, event, this.#states, () => this.#allowance(), request);
      this.#updateAreas = areas.update;
      choices.push(areas.element);
    }
    show(this.#choices, ...choices);
    show(this.#seats, ...(chart.seatCount > 0 ? [this.#filter, this.#switch(), this.#map, this.#list] : []));
    this.#seats.hidden = chart.seatCount === 0;
    const picked = (this.#kept.get() ?? []).flatMap((name) => chart.indexOf(name) ?? []);
    this.#selection.replace(picked.slice(0, this.#allowance()));
    this.#basket.hidden = chart.seatCount === 0;
  }

  /** Switches between the map and the list on narrow screens. */
  #switch() {
    const button = (/** @type {"map" | "list"} */ which) => {
      const made = el(
        "button",
        {
          type: "button",
          "aria-pressed": String(which === "map"),
          onclick: () => {
            this.#seats.dataset["view"] = which;
            for (const other of buttons) other.setAttribute("aria-pressed", String(other === made));
          },
        },
        t(`shop.${which}`),
      );
      return made;
    };
    this.#seats.dataset["view"] = "map";
    /** @type {HTMLButtonElement[]} */
    const buttons = [button("map"), button("list")];
    return el("div", { class: "switch", role: "group", "aria-label": t("shop.view") }, buttons);
  }

  #follow() {
    let isLoaded = false;
    client
      .streamAvailability(this.#model.event.id, {
        signal: this.#ending.signal,
        onSnapshot: (availability) => {
          this.#states.replace(availability);
          const chart = /** @type {SeatingChart} */ (this.#chart);
          if (!isLoaded && chart.seatCount > 0) {
            this.#map.load(chart, this.#states);
            this.#list.load(chart, this.#states);
          }
          isLoaded = true;
          this.#changed(undefined);
        },
        onDelta: (delta) => this.#changed(this.#states.apply(delta)),
      })
      .catch((error) => show(this.#state, notice("warn", refusal(error))));
  }

  /** @param {number[] | undefined} changed undefined if any may have */
  #changed(changed) {
    const chart = this.#chart;
    if (!chart) return;
    if (chart.seatCount > 0) {
      this.#map.update(changed);
      this.#list.update(changed);
    }
    this.#updateAreas?.();
    // While a hold is being made, the seats that disappear may be the ones this fan gets.
    if (!this.#isHolding) this.#dropTaken();
    else return;
    this.#showSelection();
  }

  #dropTaken() {
    const { lost, before } = this.#selection.dropTaken((index) => this.#states.stateOf(index) === FREE);
    if (lost.length > 0) this.#tellLost(lost, before);
  }

  /** @param {number[]} lost @param {number[]} before everything picked before that */
  #tellLost(lost, before) {
    const chart = /** @type {SeatingChart} */ (this.#chart);
    const names = seatNames(lost.map((index) => chart.name(index)), chart);
    const instead = nearbyFree(chart, this.#states, before, before.length);
    const close = () => show(this.#lost);
    show(
      this.#lost,
      el(
        "div",
        { class: "notice warn stack" },
        el("p", null, t("lost.gone", { seats: names, count: lost.length })),
        instead
          ? [
              el("p", null, t("lost.instead", {
                seats: seatNames(instead.map((index) => chart.name(index)), chart),
                count: instead.length,
              })),
              el(
                "div",
                { class: "row" },
                el(
                  "button",
                  {
                    type: "button",
                    class: "primary",
                    onclick: () => {
                      this.#selection.replace(instead);
                      this.#showSelection();
                      close();
                      this.#basket.querySelector("button")?.focus();
                    },
                  },
                  t("lost.take", { count: instead.length }),
                ),
                el("button", { type: "button", onclick: close }, t("lost.choose")),
              ),
            ]
          : el("p", null, t("lost.none")),
      ),
    );
  }

  // Choosing

  /** How many more tickets the fan may hold. */
  #allowance() {
    const { event, holds } = this.#model;
    const held = holds.reduce((sum, { quantity }) => sum + quantity, 0);
    return Math.max(0, event.limits.ticketsPerBuyer - held);
  }

  /** @param {{ kind: "seat", index: number } | { kind: "area", name: string }} detail */
  #picked(detail) {
    if (detail.kind === "area") {
      const quantity = this.#choices.querySelector(`[data-area="${CSS.escape(detail.name)}"] input`);
      if (quantity instanceof HTMLElement) quantity.focus();
      return;
    }
    const chart = /** @type {SeatingChart} */ (this.#chart);
    const { index } = detail;
    const isPicked = this.#selection.seats.has(index);
    if (!isPicked && this.#states.stateOf(index) !== FREE) return;
    const limit = this.#model.event.limits.ticketsPerBuyer;
    const outcome = this.#selection.toggle(index, this.#allowance());
    show(this.#lost);
    if (outcome === "full") {
      this.#model.warn(t("shop.full", { limit }));
      return;
    }
    this.#model.clearWarning();
    announce(t(`basket.${outcome}`, { seat: seatName(chart.name(index), chart), count: this.#selection.seats.size }));
    this.#showSelection();
  }

  #showSelection() {
    const chart = this.#chart;
    if (!chart) return;
    this.#kept.set([...this.#selection.seats].map((index) => chart.name(index)));
    if (chart.seatCount > 0) {
      const held = this.#model.holds.flatMap(({ seats }) => seats);
      for (const element of [this.#map, this.#list]) {
        element.selected = this.#selection.seats;
        element.mine = new Set(held.flatMap((name) => chart.indexOf(name) ?? []));
      }
    }
    this.#showBasket();
  }

  #showBasket() {
    const chart = this.#chart;
    const seats = [...this.#selection.seats];
    const key = seats.join();
    if (this.#basket.dataset["seats"] === key) return;
    this.#basket.dataset["seats"] = key;
    this.#basket.classList.toggle("is-empty", seats.length === 0);
    if (!chart || seats.length === 0) {
      show(this.#basket, el("h2", null, t("basket.title")), el("p", { class: "soft" }, t("basket.empty", {
        count: this.#model.event.limits.ticketsPerBuyer,
        time: formatSpan(this.#model.event.limits.holdSeconds),
      })));
      return;
    }
    const { currency } = this.#model.event;
    const amount = seats.reduce((sum, index) => sum + chart.categoryAt(index).amount, 0);
    show(
      this.#basket,
      el("h2", null, t("basket.title")),
      el(
        "ul",
        { class: "basket-seats" },
        seats.map((index) => {
          const name = seatName(chart.name(index), chart);
          const category = chart.categoryAt(index);
          return el(
            "li",
            { class: "row spread" },
            el(
              "span",
              null,
              name,
              el("span", { class: "soft small" }, ` ${category.name} · ${formatMoney(category.amount, currency)}`),
            ),
            el(
              "button",
              {
                type: "button",
                class: "plain",
                "aria-label": t("basket.remove", { seat: name }),
                onclick: () => this.#picked({ kind: "seat", index }),
              },
              "✕",
            ),
          );
        }),
      ),
      el(
        "div",
        { class: "row spread" },
        el(
          "p",
          { class: "number total" },
          t("basket.sum", { count: seats.length, amount: formatMoney(amount, currency) }),
        ),
        el(
          "button",
          {
            type: "button",
            class: "primary",
            onclick: () => this.#hold({ seats: seats.map((index) => chart.name(index)) }),
          },
          t("basket.hold"),
        ),
      ),
    );
  }

  /** @param {CreateHold} wanted */
  async #hold(wanted) {
    if (this.#isHolding) return;
    this.#isHolding = true;
    show(this.#lost);
    this.#basket.setAttribute("aria-busy", "true");
    const before = [...this.#selection.seats];
    try {
      await this.#model.hold(wanted);
      if ("seats" in wanted) this.#kept.set([]);
    } catch (error) {
      this.#refused(error, wanted, before);
    } finally {
      this.#isHolding = false;
      this.#basket.removeAttribute("aria-busy");
      if (!this.#ending.signal.aborted) this.#changed([]);
    }
  }

  /** @param {unknown} error @param {CreateHold} wanted @param {number[]} before */
  #refused(error, wanted, before) {
    const chart = this.#chart;
    const isGone = error instanceof Problem && error.slug === "seats-unavailable";
    if (chart && isGone && "seats" in wanted) {
      const lost = (error.body.unavailable ?? []).flatMap((name) => chart.indexOf(name) ?? []);
      this.#selection.replace(before.filter((index) => !lost.includes(index)));
      // The stream may lag behind the refusal.
      for (const index of lost) if (this.#states.stateOf(index) === FREE) this.#states.codes[index] = "h".charCodeAt(0);
      this.#tellLost(lost, before);
      return;
    }
    this.#model.warn(isGone ? t("best.none") : refusal(error, chart));
  }

  // Clocks

  /** @param {ShopModel} model */
  update(model) {
    this.#model = model;
    const { phase, hasPass, passExpiresAt, holds } = model;
    this.#holds.update(holds, this.#chart);
    const seconds = passExpiresAt === undefined ? 0 : (Date.parse(passExpiresAt) - clock.now()) / 1000;
    this.#passLine.hidden = !hasPass;
    this.#leave.hidden = !hasPass;
    setText(this.#passClock, formatClock(seconds));
    this.#passClock.classList.toggle("hurry", seconds < 60);
    const told = TOLD_SECONDS.find((at) => this.#lastPassSeconds > at && seconds <= at);
    if (hasPass && told !== undefined && this.#lastPassSeconds !== Infinity) {
      announce(t("shop.passEnding", { count: told }), { isUrgent: true });
    }
    this.#lastPassSeconds = seconds;
    const isHalted = ["paused", "soldOut", "closed"].includes(phase);
    const state = !hasPass ? "passEnded" : isHalted ? phase : "";
    if (this.#state.dataset["state"] !== state) {
      this.#state.dataset["state"] = state;
      show(this.#state, state !== "" && notice("warn", t(`shop.state.${state}`)));
    }
    this.#basket.inert = !hasPass;
    this.#choices.inert = !hasPass;
  }
}
