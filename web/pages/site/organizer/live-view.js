import { el, setText } from "../lib/dom.js";
import { formatDate, formatMoney, formatNumber, t } from "../lib/i18n.js";
import { stateMark } from "../map/marks.js";
import { onsaleControls } from "./onsale-controls.js";
import { minutesToSellOut } from "./pace.js";
import { ORDER_STATES, section } from "./parts.js";
import { salesTables } from "./sales-table.js";
import { follow, seatWidget } from "./seat-widgets.js";
import { TimeCharts } from "./time-charts.js";
import { eventPath } from "./routes.js";

/** @typedef {import("../../../client/src/types.js").Report} Report */
/** @template Value @typedef {import("./tab-models.js").Follow<Value>} Follow */

/**
 * @typedef {object} Numbers
 * @property {Report} report
 * @property {import("../../../client/src/types.js").Event} event
 * @property {import("../../../client/src/types.js").WaitingRoom | undefined} room
 * @property {number | undefined} pace tickets sold per minute
 * @property {number | undefined} burst tickets sold in the last ten seconds
 */

/**
 * @typedef {object} LiveModel
 * @property {string} id of the event
 * @property {import("./onsale-controls.js").ControlsModel} controls
 * @property {Follow<Numbers>} onNumbers
 * @property {Follow<Report["orders"]>} onOrderCounts
 * @property {import("./time-charts.js").ShowTimeline} timeline
 * @property {Follow<import("./seat-widgets.js").Seats>} onSeats
 * @property {AbortSignal} signal aborts when the tab is left
 */

/** A number with its label, and a note below. */
class Tile {
  #value = el("dd", { class: "org-value number" }, "–");
  #note = el("dd", { class: "soft small number" });

  /** @param {string} label @param {"sold" | "held" | "free" | "blocked"} [state] the places it counts */
  constructor(label, state) {
    const name = el("dt", null, state && stateMark(state), label);
    this.element = el("div", { class: ["org-tile", state ?? ""] }, name, this.#value, this.#note);
  }

  wide() {
    this.element.classList.add("wide");
    return this;
  }

  /** @param {string} value @param {string} [note] */
  set(value, note = "") {
    setText(this.#value, value);
    setText(this.#note, note);
  }
}

const PARTS = /** @type {const} */ (["sold", "held", "free", "blocked"]);

/** A bar showing the shares of the places; the tiles around it give the numbers. */
class Bar {
  #parts = PARTS.map((name) => el("span", { class: name }));
  element = el("div", { class: "org-bar", "aria-hidden": "true" }, this.#parts);

  /** @param {Report} report */
  set(report) {
    PARTS.forEach((name, index) => {
      const part = this.#parts[index];
      if (!part) return;
      part.hidden = report[name] === 0;
      part.style.setProperty("flex-grow", String(report[name]));
    });
  }
}

/** @param {Numbers} numbers */
function sellOutWords({ report, pace, burst }) {
  const minutes = minutesToSellOut(report.free, pace, burst);
  if (report.free === 0) {
    return { value: t("org.sellOut.none"), note: t("org.sellOut.noneNote", { held: report.held }) };
  }
  if (pace === undefined) return { value: "–", note: t("org.sellOut.measuring") };
  if (minutes === undefined) return { value: "–", note: t("org.sellOut.unknown") };
  const moment = new Date(Date.now() + minutes * 60_000);
  const isSoon = minutes < 12 * 60;
  const at = formatDate(moment, isSoon ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
  const value =
    minutes < 1
      ? t("org.sellOut.soon")
      : minutes < 100
        ? t("org.minutes", { count: Math.round(minutes) })
        : t("org.hours", { count: Math.round(minutes / 60) });
  return { value, note: t("org.sellOut.at", { at }) };
}

/** @param {number} part @param {number} whole */
const percent = (part, whole) => (whole === 0 ? "" : t("org.percent", { percent: Math.round((part / whole) * 1000) / 10 }));

/** @param {LiveModel["onNumbers"]} onNumbers */
function tiles(onNumbers) {
  const sold = new Tile(t("org.sold"), "sold").wide();
  const bar = new Bar();
  sold.element.append(bar.element);
  const held = new Tile(t("org.held"), "held");
  const free = new Tile(t("org.free"), "free");
  const blocked = new Tile(t("org.blocked"), "blocked");
  const gross = new Tile(t("org.gross")).wide();
  const pace = new Tile(t("org.pace"));
  const sellOut = new Tile(t("org.sellOut")).wide();
  const waiting = new Tile(t("org.waiting"));
  const active = new Tile(t("org.active"));
  onNumbers((numbers) => {
    const { report, event, room } = numbers;
    sold.set(formatNumber(report.sold), percent(report.sold, report.capacity));
    bar.set(report);
    held.set(formatNumber(report.held), t("org.heldNote"));
    free.set(formatNumber(report.free), t("org.freeNote", { capacity: report.capacity }));
    blocked.set(formatNumber(report.blocked), t("org.blockedNote"));
    gross.set(
      formatMoney(report.gross - report.refunded, event.currency),
      report.refunded > 0 ? t(
        "org.refundedNote",
        { amount: formatMoney(report.refunded, event.currency) },
      ) : t("org.grossNote"),
    );
    pace.set(
      numbers.pace === undefined ? "–" : formatNumber(Math.max(0, Math.round(numbers.pace))),
      numbers.burst === undefined ? t("org.paceNote") : t("org.paceNote.burst", { burst: Math.max(0, numbers.burst) }),
    );
    const estimate = sellOutWords(numbers);
    sellOut.set(estimate.value, estimate.note);
    const admitted = t("org.admittedNote", { count: Math.round(room?.admittedPerMinute ?? 0) });
    waiting.set(
      formatNumber(report.present),
      report.absent > 0 ? `${t("org.absentNote", { count: report.absent })} · ${admitted}` : admitted,
    );
    active.set(
      formatNumber(report.activeShoppers),
      event.onsale.waitingRoom ? t("org.ofCap", { cap: event.onsale.maxActiveShoppers }) : t("org.event.noLine"),
    );
  });
  const all = [sold, gross, sellOut, held, free, blocked, pace, waiting, active];
  return el("dl", { class: "org-tiles" }, all.map((tile) => tile.element));
}

/** @param {LiveModel} model */
function orderCounts({ id, onOrderCounts }) {
  const values = ORDER_STATES.map(
    (state) => ({ state, value: el("dd", { class: "number" }, "–"), item: el("div", { class: state }) }),
  );
  for (const { state, value, item } of values) {
    const href = `${eventPath(id, "orders")}?state=${state}`;
    item.append(el("dt", null, el("a", { href }, t(`org.order.state.${state}`))), value);
  }
  const errors = el("p", { class: "small soft" });
  onOrderCounts((orders) => {
    for (const { state, value, item } of values) {
      // An older server may lack some states.
      const count = orders[state] ?? 0;
      setText(value, formatNumber(count));
      item.classList.toggle("some", count > 0);
    }
    const failed = orders.declined + orders.expired;
    const ended = failed + orders.confirmed + orders.refunding + orders.refunded;
    setText(
      errors,
      failed === 0 ? t("org.errors.none") : t("org.errors.some", { count: failed, percent: percent(failed, ended) }),
    );
  });
  return section(
    t("org.orders.title"),
    el("dl", { class: "org-counts" }, values.map(({ item }) => item)),
    errors,
  );
}

/** @param {LiveModel} model */
function liveMap({ id, controls, onSeats }) {
  const map = seatWidget("seat-map");
  map.mode = "manage";
  follow(onSeats, [map]);
  return section(
    t("org.map.title"),
    el("div", { class: "org-map watch" }, map),
    el("a", { href: eventPath(id, "seats") }, t(controls.may("box-office") ? "org.map.toBlocks" : "org.map.toSeats")),
  );
}

/**
 * An event during its sale.
 * @param {LiveModel} model
 */
export function liveView(model) {
  return el(
    "div",
    { class: "stack" },
    tiles(model.onNumbers),
    el("div", { class: "org-columns" }, onsaleControls(model.controls), orderCounts(model)),
    new TimeCharts(model).element,
    salesTables((shown) => model.onNumbers(({ report }) => shown(report))),
    liveMap(model),
  );
}
