import { Problem, SeatStates } from "../../../../client/src/index.js";
import { announce } from "../../lib/announce.js";
import { el, setText, show } from "../../lib/dom.js";
import { formatClock, formatMoney, t } from "../../lib/i18n.js";
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
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("../../../../client/src/types.js").HoldRequest} HoldRequest
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 * @typedef {import("./parts.js").View} View
 */

/**
 * What both of the map's elements can do.
 * @typedef {HTMLElement & { load(chart: SeatingChart, states: SeatStates): void, update(changed?: number[]): void,
 *   selected: Set<number>, mine: Set<number>,
 *   filter: string | undefined, mode: string }} SeatsElement
 */

const RETRY_MILLISECONDS = 4000;
/** When the pass's end is told aloud. */
const TOLD_SECONDS = [120, 30];
const FREE = ".";

/**
 * The seats, live, and all ways to choose some.
 * @param {EventPage} page @returns {View}
 */
export function shopView(page) {
  const shop = new Shop(page);
  return { element: shop.element, title: t("shop.title"), update: () => shop.update(), close: () => shop.close() };
}

class Shop {
  #page;
  #states = new SeatStates();
  #selection = new Selection();
  /** @type {Kept<string[]>} picked seats outlive a reload */
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
  #leave = el("button", { type: "button", class: "plain", onclick: () => this.#page.leaveShop() }, t("shop.leave"));

  /** @param {EventPage} page */
  constructor(page) {
    this.#page = page;
    this.#kept = new Kept(
      `fan.picked.${page.event.id}`,
      /** @returns {value is string[]} */ (value) => Array.isArray(value),
      () => sessionStorage,
    );
    this.#holds = holdsPanel(page, () => this.#chart);
    this.element = el(
      "div",
      { class: "stack shop" },
      eventHead(page.event),
      el(
        "div",
        { class: "row spread" },
        heading(t("shop.title")),
        el("div", { class: "row" }, this.#passLine, this.#leave),
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
    );
    this.#showBasket();
    this.#load();
  }

  close() {
    this.#ending.abort();
  }

  // The seats

  async #load() {
    try {
      const chart = await chartOf(this.#page.event);
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
    const { event } = this.#page;
    const request = (/** @type {HoldRequest} */ wanted) => this.#hold(wanted);
    const choices = [];
    if (chart.seatCount > 0) {
      this.#filter = categoryFilter(chart, event, (category) => {
        this.#map.filter = category;
        this.#list.filter = category;
      });
      choices.push(bestAvailable(chart, event, () => this.#room(), request));
      for (const element of [this.#map, this.#list]) {
        element.mode = "shop";
        element.addEventListener("pick", (pick) => this.#picked(/** @type {CustomEvent} */ (pick).detail));
      }
    }
    if (chart.areas.length > 0) {
      const areas = standingAreas(chart, event, this.#states, () => this.#room(), request);
      this.#updateAreas = areas.update;
      choices.push(areas.element);
    }
    show(this.#choices, ...choices);
    show(this.#seats, ...(chart.seatCount > 0 ? [this.#filter, this.#switch(), this.#map, this.#list] : []));
    this.#seats.hidden = chart.seatCount === 0;
    const picked = (this.#kept.get() ?? []).flatMap((name) => chart.indexOf(name) ?? []);
    this.#selection.replace(picked.slice(0, this.#room()));
    this.#basket.hidden = chart.seatCount === 0;
  }

  /** On a narrow screen: the map or the list. */
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
      .availabilityStream(this.#page.event.id, {
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

  /** @param {number[] | undefined} changed all of them, if it is not said which */
  #changed(changed) {
    const chart = this.#chart;
    if (!chart) return;
    if (chart.seatCount > 0) {
      this.#map.update(changed);
      this.#list.update(changed);
    }
    this.#updateAreas?.();
    // While a hold is asked for, those that go may be going to us.
    if (!this.#isHolding) this.#dropTaken();
    else return;
    this.#showSelection();
  }

  #dropTaken() {
    const { lost, before } = this.#selection.dropTaken((index) => this.#states.stateOf(index) === FREE);
    if (lost.length > 0) this.#tellLost(lost, before);
  }

  /** @param {number[]} lost @param {number[]} before all that had been picked */
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

  /** How many more tickets may be had. */
  #room() {
    const held = this.#page.holds.all().reduce((sum, { hold }) => sum + hold.quantity, 0);
    return Math.max(0, this.#page.event.limits.ticketsPerBuyer - held);
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
    const limit = this.#page.event.limits.ticketsPerBuyer;
    const outcome = this.#selection.toggle(index, this.#room());
    show(this.#lost);
    if (outcome === "full") {
      this.#page.say("warn", t("shop.full", { limit }));
      return;
    }
    this.#page.clearNotice();
    announce(t(`basket.${outcome}`, { seat: seatName(chart.name(index), chart), count: this.#selection.seats.size }));
    this.#showSelection();
  }

  #showSelection() {
    const chart = this.#chart;
    if (!chart) return;
    this.#kept.set([...this.#selection.seats].map((index) => chart.name(index)));
    if (chart.seatCount > 0) {
      const held = this.#page.holds.all().flatMap(({ hold }) => hold.seats);
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
        count: this.#page.event.limits.ticketsPerBuyer,
      })));
      return;
    }
    const { currency } = this.#page.event;
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

  /** @param {HoldRequest} wanted */
  async #hold(wanted) {
    if (this.#isHolding) return;
    this.#isHolding = true;
    show(this.#lost);
    this.#basket.setAttribute("aria-busy", "true");
    const before = [...this.#selection.seats];
    try {
      await this.#page.hold(wanted);
      if ("seats" in wanted) this.#kept.set([]);
    } catch (error) {
      this.#refused(error, wanted, before);
    } finally {
      this.#isHolding = false;
      this.#basket.removeAttribute("aria-busy");
      if (!this.#ending.signal.aborted) this.#changed([]);
    }
  }

  /** @param {unknown} error @param {HoldRequest} wanted @param {number[]} before */
  #refused(error, wanted, before) {
    const chart = this.#chart;
    const isGone = error instanceof Problem && error.slug === "seats-unavailable";
    if (chart && isGone && "seats" in wanted) {
      const lost = (error.body.unavailable ?? []).flatMap((name) => chart.indexOf(name) ?? []);
      this.#selection.replace(before.filter((index) => !lost.includes(index)));
      // The stream may be a moment behind the refusal.
      for (const index of lost) if (this.#states.stateOf(index) === FREE) this.#states.codes[index] = "h".charCodeAt(0);
      this.#tellLost(lost, before);
      return;
    }
    this.#page.say("warn", isGone ? t("best.none") : refusal(error, chart));
  }

  // The clocks

  update() {
    const { journey, pass } = this.#page;
    this.#holds.update();
    const seconds = pass ? (Date.parse(pass.expiresAt) - clock.now()) / 1000 : 0;
    this.#passLine.hidden = !journey.hasPass;
    this.#leave.hidden = !journey.hasPass;
    setText(this.#passClock, formatClock(seconds));
    this.#passClock.classList.toggle("hurry", seconds < 60);
    const told = TOLD_SECONDS.find((at) => this.#lastPassSeconds > at && seconds <= at);
    if (journey.hasPass && told !== undefined && this.#lastPassSeconds !== Infinity) {
      announce(t("shop.passEnding", { count: told }), { isUrgent: true });
    }
    this.#lastPassSeconds = seconds;
    const isHalted = ["paused", "soldOut", "closed"].includes(journey.phase);
    const state = !journey.hasPass ? "passEnded" : isHalted ? journey.phase : "";
    if (this.#state.dataset["state"] !== state) {
      this.#state.dataset["state"] = state;
      show(this.#state, state !== "" && notice("warn", t(`shop.state.${state}`)));
    }
    this.#basket.inert = !journey.hasPass;
    this.#choices.inert = !journey.hasPass;
  }
}
