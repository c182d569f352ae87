import { el, show } from "../lib/dom.js";
import { formatMoney, t } from "../lib/i18n.js";
import { saveFile } from "./files.js";
import { Outcome, cardTable, section, uniqueID, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { dayWords, settlementChart } from "./settlement-chart.js";
import { bars, dayAfter, localDay, total } from "./settlement-days.js";

/**
 * @typedef {import("../../../client/src/types.js").Settlement} Settlement
 * @typedef {import("../../../client/src/types.js").SettlementDifference} SettlementDifference
 * @typedef {{ from?: string, to?: string }} Period
 */

/**
 * @typedef {object} SettlementModel
 * @property {string} id of the event
 * @property {(period: Period) => Promise<Settlement>} settlement
 * @property {(period: Period) => Promise<Blob>} csv
 * @property {(order: string) => string} orderPath
 * @property {AbortSignal} signal aborts when the tab is left
 */

const WEEK_DAYS = 7;
const COLUMNS = /** @type {const} */ (["gross", "fees", "refunds", "disputes", "net", "provider", "difference"]);

/** What is owed to the organizer, day by day, and whether the provider has it. */
class SettlementPage {
  #model;
  #from;
  #to;
  #place = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  #outcome = new Outcome();
  /** Numbers the requests, so that late answers to earlier ones are ignored. */
  #question = 0;

  /** @param {SettlementModel} model */
  constructor(model) {
    this.#model = model;
    const ids = { from: uniqueID("from"), to: uniqueID("to") };
    const today = localDay(Date.now());
    const load = () => void this.#load();
    this.#from = el("input", { id: ids.from, type: "date", value: dayAfter(today, 1 - WEEK_DAYS), onchange: load });
    this.#to = el("input", { id: ids.to, type: "date", value: today, onchange: load });
    const all = workButton(
      t("org.settlement.all"),
      async () => {
        this.#from.value = "";
        this.#to.value = "";
        await this.#load();
      },
      "plain",
    );
    this.element = el(
      "div",
      { class: "stack" },
      el("p", { class: "soft org-lead" }, t("org.settlement.lead")),
      el(
        "div",
        { class: "card row" },
        el("div", { class: "field" }, el("label", { for: ids.from }, t("org.settlement.from")), this.#from),
        el("div", { class: "field" }, el("label", { for: ids.to }, t("org.settlement.to")), this.#to),
        all,
        workButton(t("org.refresh"), () => this.#load()),
        workButton(t("org.settlement.csv"), () => this.#download()),
      ),
      this.#outcome.element,
      this.#place,
    );
    load();
  }

  /** @returns {Period} */
  get #period() {
    const from = this.#from.value;
    const to = this.#to.value;
    return { ...(from !== "" && { from }), ...(to !== "" && { to }) };
  }

  async #load() {
    const question = (this.#question += 1);
    this.#place.setAttribute("aria-busy", "true");
    this.#outcome.clear();
    /** @type {(HTMLElement | null)[]} */
    let content;
    try {
      content = this.#content(await this.#model.settlement(this.#period));
    } catch (error) {
      content = [el("p", { class: "notice bad", role: "alert" }, problemWords(error))];
    }
    if (question !== this.#question || this.#model.signal.aborted) return;
    this.#place.removeAttribute("aria-busy");
    show(this.#place, ...content);
  }

  /** @param {Settlement} settlement */
  #content({ currency, days, differences }) {
    const last = this.#to.value || days.at(-1)?.day || localDay(Date.now());
    return [
      this.#verdict(differences),
      settlementChart(bars(days, last, WEEK_DAYS), currency),
      days.length === 0
        ? el("p", { class: "card soft" }, t("org.settlement.none"))
        : el("div", { class: "card org-table-card" }, this.#table(days, currency)),
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

  /** @param {import("../../../client/src/types.js").SettlementDay[]} days @param {string} currency */
  #table(days, currency) {
    /** @param {import("../../../client/src/types.js").SettlementDay} day @param {string} name */
    const row = (day, name) => [name, ...COLUMNS.map((column) => formatMoney(day[column], currency))];
    return cardTable(
      t("org.settlement.title"),
      [{ label: t("org.settlement.day") }, ...COLUMNS.map((name) => ({ label: t(`org.settlement.${name}`), isNumber: true }))],
      [...days.map((day) => row(day, dayWords(day.day))), row(total(days), t("org.settlement.total"))],
    );
  }

  /** @param {SettlementDifference[]} differences @param {string} currency */
  #differences(differences, currency) {
    const money = (/** @type {number | null} */ amount, /** @type {string | null} */ own) =>
      amount === null ? "–" : formatMoney(amount, own ?? currency);
    const rows = differences.map(({ name, day, order, payment, kind, expected, listed, ...rest }) => [
      t(`org.settlement.name.${name}`),
      dayWords(day),
      order === null ? (payment ?? rest.line ?? "–") : el("a", { href: this.#model.orderPath(order) }, order),
      kind ?? "–",
      money(expected, rest.currency),
      money(listed, rest.currency),
    ]);
    const columns = ["what", "day", "order", "kind", "expected", "listed"].map((name) => ({
      label: t(`org.settlement.${name}`),
      isNumber: name === "expected" || name === "listed",
    }));
    return section(t("org.settlement.differences"), cardTable(t("org.settlement.differences"), columns, rows));
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
