import { el, setText, show } from "../lib/dom.js";
import { formatMoney, t } from "../lib/i18n.js";
import { saveFile } from "./files.js";
import { Outcome, cardTable, section, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { SettlementChart, dayWords } from "./settlement-chart.js";
import { bars, periodOf, total } from "./settlement-days.js";

/**
 * @typedef {import("../../../client/src/types.js").Settlement} Settlement
 * @typedef {import("../../../client/src/types.js").SettlementDifference} SettlementDifference
 * @typedef {import("../../../client/src/types.js").SettlementDay} SettlementDay
 * @typedef {import("./settlement-days.js").Period} Period
 */

/**
 * @typedef {object} SettlementModel
 * @property {string} id of the event
 * @property {(period: Period) => Promise<Settlement>} settlement
 * @property {(period: Period) => Promise<Blob>} csv
 * @property {(order: string) => string} orderPath
 * @property {AbortSignal} signal aborts when the tab is left
 */

const COLUMNS = /** @type {const} */ (["gross", "fees", "refunds", "disputes", "net", "provider", "difference"]);

/** More than that are shown when asked for. */
const DIFFERENCES_SHOWN = 20;

/** The movements with words of their own here; any other is shown in the provider's. */
const KINDS = new Set(["charge", "refund", "refundReversal", "dispute", "disputeReversal"]);

/** @param {string | null} kind */
const kindWords = (kind) => (kind !== null && KINDS.has(kind) ? t(`org.settlement.kind.${kind}`) : kind ?? "–");

/** What is owed to the organizer, day by day, and whether the provider has it. */
class SettlementPage {
  #model;
  #from;
  #to;
  #fault = el("p", { class: "field-error", role: "alert", hidden: true });
  #place = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  #outcome = new Outcome();
  /** @type {SettlementChart | undefined} */
  #chart;
  /** Numbers the requests, so that late answers to earlier ones are ignored. */
  #question = 0;

  /** @param {SettlementModel} model */
  constructor(model) {
    this.#model = model;
    const ids = { from: uniqueID("from"), to: uniqueID("to") };
    const { from, to } = periodOf(location.search, Date.now());
    const load = () => void this.#load();
    this.#from = el("input", { id: ids.from, type: "date", value: from, onchange: load });
    this.#to = el("input", { id: ids.to, type: "date", value: to, onchange: load });
    this.element = el(
      "div",
      { class: "stack" },
      el("p", { class: "soft org-lead" }, t("org.settlement.lead")),
      el(
        "div",
        { class: "card org-settled-bar" },
        el("div", { class: "field" }, el("label", { for: ids.from }, t("org.settlement.from")), this.#from),
        el("div", { class: "field" }, el("label", { for: ids.to }, t("org.settlement.to")), this.#to),
        el(
          "div",
          { class: "row" },
          workButton(t("org.settlement.lastWeek"), () => this.#choose(periodOf("", Date.now()))),
          workButton(t("org.settlement.all"), () => this.#choose({})),
          workButton(t("org.refresh"), () => this.#load(), "plain"),
          workButton(t("org.settlement.csv"), () => this.#download()),
        ),
        this.#fault,
      ),
      this.#outcome.element,
      this.#place,
    );
    model.signal.addEventListener("abort", () => this.#chart?.stop());
    load();
  }

  /** @param {Period} period */
  async #choose({ from = "", to = "" }) {
    this.#from.value = from;
    this.#to.value = to;
    await this.#load();
  }

  /** @returns {Period} */
  get #period() {
    const from = this.#from.value;
    const to = this.#to.value;
    return { ...(from !== "" && { from }), ...(to !== "" && { to }) };
  }

  /** Stores the period in the address, so that it survives a reload. */
  #remember() {
    const query = new URLSearchParams({ from: this.#from.value, to: this.#to.value });
    history.replaceState(history.state, "", `${location.pathname}?${query}`);
  }

  async #load() {
    const period = this.#period;
    const { from, to } = period;
    const isTurned = from !== undefined && to !== undefined && from > to;
    this.#fault.hidden = !isTurned;
    setText(this.#fault, isTurned ? t("org.settlement.turned") : "");
    for (const input of [this.#from, this.#to]) input.setAttribute("aria-invalid", String(isTurned));
    if (isTurned) return;
    this.#remember();
    const question = (this.#question += 1);
    this.#place.setAttribute("aria-busy", "true");
    this.#outcome.clear();
    /** @type {() => (HTMLElement | null)[]} */
    let content;
    try {
      const settlement = await this.#model.settlement(period);
      content = () => this.#content(settlement);
    } catch (error) {
      content = () => [el("p", { class: "notice bad", role: "alert" }, problemWords(error))];
    }
    if (question !== this.#question || this.#model.signal.aborted) return;
    this.#place.removeAttribute("aria-busy");
    this.#chart?.stop();
    this.#chart = undefined;
    show(this.#place, ...content());
  }

  /** @param {Settlement} settlement */
  #content({ currency, days, differences }) {
    const shown = bars(days, this.#period);
    this.#chart = shown.length > 0 ? new SettlementChart(shown, currency) : undefined;
    return [
      this.#verdict(differences),
      this.#chart?.element ?? null,
      days.length === 0
        ? el("p", { class: "card soft" }, t("org.settlement.none"))
        : el("div", { class: "card org-table-card scroll-x" }, this.#table(days, differences, currency)),
      differences.length === 0 ? null : this.#differences(differences, currency),
    ];
  }

  /** @param {SettlementDifference[]} differences */
  #verdict(differences) {
    const wrong = differences.filter(({ name }) => name !== "late").length;
    if (wrong > 0) return el("p", { class: "notice bad", role: "status" }, t("org.settlement.wrong", { count: wrong }));
    return differences.length > 0
      ? el("p", { class: "notice warn", role: "status" }, t("org.settlement.late", { count: differences.length }))
      : el("p", { class: "notice good", role: "status" }, t("org.settlement.agrees"));
  }

  /** @param {SettlementDay[]} days @param {SettlementDifference[]} differences @param {string} currency */
  #table(days, differences, currency) {
    const wrong = differences.filter(({ name }) => name !== "late");
    const isWrong = (/** @type {string} */ day) => (day === "" ? wrong.length > 0 : wrong.some((one) => one.day === day));
    const amount = (/** @type {SettlementDay} */ day, /** @type {typeof COLUMNS[number]} */ name) => {
      const words = formatMoney(day[name], currency);
      if (name !== "difference" || day[name] === 0) return words;
      return el("span", { class: ["badge", isWrong(day.day) ? "bad" : "warn"] }, words);
    };
    const cells = (/** @type {SettlementDay} */ day) => COLUMNS.map((name) => amount(day, name));
    return cardTable(
      t("org.settlement.title"),
      [{ label: t("org.settlement.day") }, ...COLUMNS.map((name) => ({ label: t(`org.settlement.${name}`), isNumber: true }))],
      [
        ...days.map((day) => [dayWords(day.day), ...cells(day)]),
        [t("org.settlement.total"), ...cells(total(days))].map((cell) => el("strong", null, cell)),
      ],
    );
  }

  /**
   * What is wrong comes first; what is only late, which may be a whole burst of a sale, is folded.
   * @param {SettlementDifference[]} differences @param {string} currency
   */
  #differences(differences, currency) {
    const wrong = differences.filter(({ name }) => name !== "late");
    const late = differences.filter(({ name }) => name === "late");
    return section(
      t("org.settlement.differences"),
      wrong.length > 0 && this.#list(wrong, currency),
      late.length > 0 &&
        el("details", null, el("summary", null, t("org.settlement.lateOnes", { count: late.length })), this.#list(late, currency)),
    );
  }

  /** @param {SettlementDifference[]} differences @param {string} currency */
  #list(differences, currency) {
    const shown = differences.slice(0, DIFFERENCES_SHOWN);
    const place = el("div", { class: "stack" }, this.#rows(shown, currency));
    const rest = differences.length - shown.length;
    const more = () => {
      show(place, this.#rows(differences, currency));
      place.tabIndex = -1;
      place.focus();
    };
    if (rest > 0) place.append(el("button", { type: "button", onclick: more }, t("org.settlement.more", { count: rest })));
    return place;
  }

  /** @param {SettlementDifference[]} differences @param {string} currency */
  #rows(differences, currency) {
    const money = (/** @type {number | null} */ amount, /** @type {string | null} */ own) =>
      amount === null ? "–" : formatMoney(amount, own ?? currency);
    const rows = differences.map(({ name, day, order, payment, kind, expected, listed, ...rest }) => [
      t(`org.settlement.name.${name}`),
      el("span", { class: "org-nowrap" }, dayWords(day)),
      order === null ? (payment ?? rest.line ?? "–") : el("a", { href: this.#model.orderPath(order) }, order),
      el("span", { class: "org-nowrap" }, kindWords(kind)),
      money(expected, rest.currency),
      money(listed, rest.currency),
    ]);
    const columns = ["what", "day", "order", "kind", "expected", "listed"].map((name) => ({
      label: t(`org.settlement.${name}`),
      isNumber: name === "expected" || name === "listed",
    }));
    return cardTable(t("org.settlement.differences"), columns, rows);
  }

  async #download() {
    this.#outcome.say("busy", t("org.working"));
    try {
      saveFile(await this.#model.csv(this.#period), `${this.#model.id}-settlement.csv`);
      this.#outcome.say("good", t("org.settlement.saved"));
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
    }
  }
}

/** @param {SettlementModel} model */
export const settlementView = (model) => new SettlementPage(model).element;
