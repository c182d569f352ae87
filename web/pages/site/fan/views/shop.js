import { Problem, SeatStates } from "../../../../client/src/index.js";
import { announce } from "../../lib/announce.js";
import { el, setText, show } from "../../lib/dom.js";
import { formatClock, t } from "../../lib/i18n.js";
import { Kept } from "../../lib/storage.js";
import { nearbyFree } from "../../map/suggest.js";
import "../../map/seat-list.js";
import "../../map/seat-map.js";
import { client, clock } from "../api.js";
import { chartOf } from "../chart.js";
import { Selection } from "../selection.js";
import { refusal, seatName, seatNames } from "../words.js";
import { Basket } from "./basket.js";
import { ChoicePanel } from "./choice-panel.js";
import { holdsPanel } from "./holds-panel.js";
import { eventHead, heading, notice } from "./parts.js";
import { priceChips } from "./price-chips.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../../../client/src/types.js").Hold} Hold
 * @typedef {import("../../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("./price-chips.js").Wanted} Wanted
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
 */

/**
 * What the map and the list have in common.
 * @typedef {HTMLElement & { load(chart: SeatingChart, states: SeatStates): void, update(changed?: number[]): void,
 *   selected: Set<number>, mine: Set<number>,
 *   filter: string | undefined, mode: string }} SeatsElement
 * @typedef {import("../../map/seat-map.js").SeatMap} SeatMap
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
  /** @type {number[]} what the basket lists: the selection, and what others got of it since the fan's last action */
  #lines = [];
  /** @type {Set<number>} which of the lines are lost */
  #gone = new Set();
  /** @type {Kept<string[]>} picked seats survive a reload */
  #kept;
  #ending = new AbortController();
  /** @type {SeatingChart | undefined} */
  #chart;
  #isHolding = false;
  #lastPassSeconds = Infinity;
  /** @type {ChoicePanel | undefined} */
  #panel;
  /** @type {((wanted: Wanted) => void) | undefined} */
  #choose;
  /** @type {(() => void) | undefined} */
  #showPrices;
  /** Which prices are shown. */
  #edition = 0;

  #map = /** @type {SeatMap} */ (document.createElement("seat-map"));
  #list = /** @type {SeatsElement} */ (document.createElement("seat-list"));
  #passClock = el("strong", { class: "number" });
  #passLine = el("p", { class: "pass-clock", role: "timer" }, t("shop.passLeft"), " ", this.#passClock);
  #state = el("div", { class: "shop-state" });
  #bar = el("div", { class: "shop-bar" });
  #seats = el("div", { class: "shop-seats" }, el("p", { class: "soft" }, t("shop.loading")));
  #basket;
  #holds;
  #side;
  #leave = el("button", { type: "button", class: "plain", onclick: () => this.#model.leave() }, t("shop.leave"));
  /** A sheet on a phone grows and shrinks over the map. */
  #sheet = new ResizeObserver(() => this.#cover());

  /** @param {ShopModel} model */
  constructor(model) {
    this.#model = model;
    this.#kept = new Kept(
      `fan.picked.${model.event.id}`,
      /** @returns {value is string[]} */ (value) => Array.isArray(value),
      () => sessionStorage,
    );
    this.#basket = new Basket(model.event.currency, {
      remove: (index) => this.#picked({ kind: "seat", index }),
      hold: (seats) => {
        const chart = /** @type {SeatingChart} */ (this.#chart);
        void this.#hold({ seats: seats.map((index) => chart.name(index)) });
      },
    });
    this.#holds = holdsPanel(model);
    this.#side = el("div", { class: "shop-side" }, this.#holds.element, this.#basket.element);
    this.element = el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "shop" },
        el("div", { class: "shop-head" }, el("div", null, eventHead(model.event), heading(t("shop.title"))), this.#passLine),
        el("div", { class: "shop-grid" }, el("div", { class: "shop-stage" }, this.#bar, this.#state, this.#seats), this.#side),
      ),
      // Far from the clock, which people tap at.
      el("p", null, this.#leave),
    );
    this.#load();
  }

  close() {
    this.#ending.abort();
    this.#sheet.disconnect();
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
    const model = () => this.#model;
    const panel = new ChoicePanel({
      chart,
      get event() {
        return model().event;
      },
      states: this.#states,
      allowance: () => this.#allowance(),
      hold: (wanted) => this.#hold(wanted),
    });
    this.#panel = panel;
    const chips = priceChips(chart, event, (wanted) => this.#look(chart, wanted));
    this.#choose = chips.choose;
    this.#showPrices = chips.update;
    this.#edition = chart.edition;
    const hasSeats = chart.seatCount > 0;
    this.#seats.hidden = !hasSeats;
    this.#side.insertBefore(panel.element, this.#basket.element);
    show(this.#bar, chips.element, hasSeats && this.#switch(), this.#skip());
    show(this.#seats, hasSeats && [this.#map, this.#list]);
    for (const element of hasSeats ? [this.#map, this.#list] : []) {
      element.mode = "shop";
      element.addEventListener("pick", (pick) => this.#picked(/** @type {CustomEvent} */ (pick).detail));
    }
    const [area] = chart.areas;
    chips.choose(hasSeats || !area ? { kind: "all" } : { kind: "area", name: area.name });
    const picked = (this.#kept.get() ?? []).flatMap((name) => chart.indexOf(name) ?? []);
    this.#selection.replace(picked.slice(0, this.#allowance()));
    this.#settle();
    for (const part of this.#sheetParts()) this.#sheet.observe(part);
  }

  /**
   * Looks at what a chip names, on the map and in the list, and offers it beside them.
   * @param {SeatingChart} chart @param {Wanted} wanted
   */
  #look(chart, wanted) {
    const category =
      wanted.kind === "area" ? chart.areas.find(({ name }) => name === wanted.name)?.category
      : wanted.kind === "category" ? wanted.name
      : undefined;
    this.element.dataset["looking"] = wanted.kind;
    this.#panel?.show(wanted);
    this.#map.filter = category;
    this.#list.filter = category;
    if (category === undefined) this.#map.showWhole();
    else this.#map.showCategory(category);
  }

  /** Switches between the map and the list. */
  #switch() {
    const button = el("button", { type: "button", class: "shop-switch" });
    const view = (/** @type {"map" | "list"} */ which) => {
      this.#seats.dataset["view"] = which;
      setText(button, t(which === "map" ? "shop.toList" : "shop.toMap"));
    };
    button.addEventListener("click", () => view(this.#seats.dataset["view"] === "map" ? "list" : "map"));
    view("map");
    return button;
  }

  /** Past the seats, for those who go from control to control. */
  #skip() {
    const skip = () => {
      const next = this.#selection.seats.size === 0 && this.#panel?.element.querySelector("button.primary");
      if (next instanceof HTMLElement) next.focus();
      else this.#basket.focus();
    };
    return el("button", { type: "button", class: "skip-link", onclick: skip }, t("shop.skip"));
  }

  #sheetParts() {
    return [this.#holds.element, ...(this.#panel ? [this.#panel.element] : []), ...this.#basket.parts];
  }

  #cover() {
    const shown = this.#sheetParts().map((part) => part.getBoundingClientRect()).filter(({ height }) => height > 0);
    const top = Math.min(...shown.map(({ top }) => top));
    const isSheet = getComputedStyle(this.#side).position === "fixed";
    this.#map.covered = isSheet ? this.#map.getBoundingClientRect().bottom - top : 0;
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
      .catch((error) => this.#basket.tell(refusal(error)));
  }

  /** @param {number[] | undefined} changed undefined if any may have */
  #changed(changed) {
    const chart = this.#chart;
    if (!chart) return;
    if (chart.seatCount > 0) {
      this.#map.update(changed);
      this.#list.update(changed);
    }
    this.#panel?.update();
    // While a hold is being made, the seats that disappear may be the ones this fan gets.
    if (this.#isHolding) return;
    const { lost, before } = this.#selection.dropTaken((index) => this.#states.stateOf(index) === FREE);
    if (lost.length > 0) this.#lose(chart, lost, before);
    this.#showSelection();
  }

  /** @param {SeatingChart} chart @param {number[]} lost @param {number[]} before everything picked before that */
  #lose(chart, lost, before) {
    for (const index of lost) this.#gone.add(index);
    const name = (/** @type {number[]} */ seats) => seatNames(seats.map((index) => chart.name(index)), chart);
    const instead = nearbyFree(chart, this.#states, before, before.length);
    this.#basket.tell(
      el("p", null, t("lost.gone", { seats: name(lost), count: lost.length })),
      el(
        "p",
        null,
        instead ? t("lost.instead", { seats: name(instead), count: instead.length }) : t("lost.none"),
      ),
      instead &&
        el(
          "div",
          { class: "row" },
          el(
            "button",
            {
              type: "button",
              onclick: () => {
                this.#selection.replace(instead);
                this.#settle();
                this.#basket.focus();
              },
            },
            t("lost.take", { count: instead.length }),
          ),
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
      this.#choose?.(detail);
      const next = this.#panel?.element.querySelector("button.primary");
      if (next instanceof HTMLElement) next.focus({ preventScroll: true });
      return;
    }
    const chart = /** @type {SeatingChart} */ (this.#chart);
    const { index } = detail;
    const isPicked = this.#selection.seats.has(index);
    if (!isPicked && this.#states.stateOf(index) !== FREE) return;
    const outcome = this.#selection.toggle(index, this.#allowance());
    if (outcome === "full") {
      this.#basket.tell(t("shop.full", { limit: this.#model.event.limits.ticketsPerBuyer }));
      return;
    }
    announce(t(`basket.${outcome}`, { seat: seatName(chart.name(index), chart), count: this.#selection.seats.size }));
    this.#settle();
  }

  /** The fan has seen what was said, and chosen: what is lost need not be shown any more. */
  #settle() {
    this.#gone.clear();
    this.#lines = [...this.#selection.seats];
    this.#basket.tell();
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
    this.#basket.show(chart, this.#lines, this.#gone);
  }

  /** @param {CreateHold} wanted */
  async #hold(wanted) {
    if (this.#isHolding) return;
    this.#isHolding = true;
    this.#settle();
    this.#basket.isBusy = true;
    const before = [...this.#selection.seats];
    try {
      await this.#model.hold(wanted);
      if ("seats" in wanted) this.#kept.set([]);
    } catch (error) {
      this.#refused(error, wanted, before);
    } finally {
      this.#isHolding = false;
      this.#basket.isBusy = false;
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
      this.#lose(chart, lost, before);
      return;
    }
    this.#basket.tell(isGone ? t("best.none") : refusal(error, chart));
  }

  /** @param {Event} event whose prices may have changed */
  #reprice(event) {
    const chart = this.#chart;
    if (!chart) return;
    chart.reprice(event.prices);
    if (chart.edition === this.#edition) return;
    this.#edition = chart.edition;
    this.#showPrices?.();
    this.#changed(undefined);
  }

  // Clocks

  /** @param {ShopModel} model */
  update(model) {
    this.#model = model;
    const { phase, hasPass, passExpiresAt, holds } = model;
    this.#holds.update(holds, this.#chart);
    this.#reprice(model.event);
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
    this.#basket.element.inert = !hasPass;
    if (this.#panel) this.#panel.element.inert = !hasPass;
  }
}
