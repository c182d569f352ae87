import { announce } from "../lib/announce.js";
import { el, setText } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { localText, momentOf } from "./local-time.js";
import { perMinute } from "./pace.js";
import { Outcome, uniqueID } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { TimeChart } from "./time-chart.js";
import { field } from "./time-field.js";
import { KEPT, RANGES, choiceOf, earlier, later, queryOf, windowOf } from "./time-range.js";

/**
 * @typedef {import("./time-range.js").Choice} Choice
 * @typedef {import("./time-range.js").Range} Range
 * @typedef {import("./timeline-window.js").Moment} Moment
 * @typedef {import("./timeline-window.js").TimelineWindow} TimelineWindow
 */

/**
 * Shows a window of the timeline as it arrives. Returns what ends that.
 * @typedef {(
 *   window: import("./time-range.js").TimeWindow, show: (timeline: TimelineWindow) => void
 * ) => () => void} ShowTimeline
 */

const FINAL_STATES = /** @type {const} */ (["confirmed", "declined", "expired"]);
const MINUTE = 60 * 1000;
const DAY = 24 * 60 * MINUTE;

/** @param {number} from @param {number} to */
function periodWords(from, to) {
  const isOneDay = new Date(from).toDateString() === new Date(to).toDateString();
  const timeStyle = to - from < DAY ? "medium" : "short";
  return t("org.range.period", {
    from: formatDate(new Date(from), { dateStyle: "medium", timeStyle }),
    to: formatDate(new Date(to), { ...(!isOneDay && { dateStyle: "medium" }), timeStyle }),
  });
}

/** @param {number} moment for the field, which counts its steps from its least value */
const minuteText = (moment) => localText(new Date(Math.floor(moment / MINUTE) * MINUTE).toISOString());

/** How the sale went: charts of the server's timeline, and the choice of the time they show. */
export class TimeCharts {
  #timeline;
  #seats = new TimeChart({
    title: t("org.chart.seats"),
    isStacked: true,
    series: [
      { name: "sold", label: t("org.sold") },
      { name: "held", label: t("org.held") },
      { name: "free", label: t("org.free") },
    ],
  });
  #pace = new TimeChart({ title: t("org.chart.pace"), series: [{ name: "pace", label: t("org.chart.paceSeries") }] });
  #line = new TimeChart({
    title: t("org.chart.line"),
    series: [
      { name: "waiting", label: t("org.waiting") },
      { name: "active", label: t("org.active") },
    ],
  });
  #orders = new TimeChart({
    title: t("org.chart.orders"),
    series: FINAL_STATES.map((name) => ({ name, label: t(`org.order.state.${name}`) })),
  });
  #charts = [this.#seats, this.#pace, this.#line, this.#orders];
  #period = el("p", { class: "soft small number" });
  #failure = new Outcome();
  #earlier = this.#button("org.range.earlier", () => earlier(this.#choice, Date.now()));
  #later = this.#button("org.range.later", () => later(this.#choice, Date.now()));
  #now = this.#button("org.range.now", () => (this.#isLive ? undefined : { range: this.#choice.range }));
  #range;
  #around;
  /** @type {Choice} */
  #choice;
  #isLive = true;
  #end = () => {};

  /** @param {{ timeline: ShowTimeline, signal: AbortSignal }} model */
  constructor({ timeline, signal }) {
    this.#timeline = timeline;
    this.#choice = choiceOf(location.search);
    const ids = { title: uniqueID("charts"), range: uniqueID("range") };
    this.#range = el(
      "select",
      {
        id: ids.range,
        onchange: () => this.#choose({ ...this.#choice, range: /** @type {Range} */ (this.#range.value) }),
      },
      Object.keys(RANGES).map((name) => el("option", { value: name }, t(`org.range.${name}`))),
    );
    this.#around = field({
      label: t("org.range.around"),
      hint: t("org.range.aroundHint"),
      attributes: { type: "datetime-local", onchange: () => this.#lookAround(), onblur: () => this.#showAround() },
    });
    this.element = el(
      "section",
      { class: "stack", "aria-labelledby": ids.title },
      el("h2", { id: ids.title }, t("org.chart.title")),
      el(
        "div",
        { class: "card org-time-bar" },
        el("div", { class: "field" }, el("label", { for: ids.range }, t("org.range")), this.#range),
        this.#around.element,
        el("div", { class: "row" }, this.#earlier, this.#later, this.#now),
      ),
      this.#period,
      this.#failure.element,
      el("div", { class: "org-charts" }, this.#charts.map(({ element }) => element)),
      el("p", { class: "soft small" }, t("org.chart.note")),
    );
    signal.addEventListener("abort", () => {
      this.#end();
      for (const chart of this.#charts) chart.stop();
    });
    this.#follow();
  }

  /** @param {string} label @param {() => Choice | undefined} next undefined when it leads nowhere */
  #button(label, next) {
    const press = () => {
      const choice = next();
      if (choice) this.#choose(choice);
    };
    return el("button", { type: "button", onclick: press }, t(label));
  }

  #lookAround() {
    const { input, fail } = this.#around;
    // While a year is typed, the field goes through long ago; half a time has no value.
    const isTooOld = input.validity.rangeUnderflow;
    fail(isTooOld ? t("org.range.tooOld") : undefined);
    if (isTooOld || input.validity.badInput) return;
    const around = momentOf(input.value);
    this.#choose({ range: this.#choice.range, ...(around !== undefined && { around: Date.parse(around) }) });
  }

  /** @param {Choice} choice */
  #choose({ range, around }) {
    const isPast = around !== undefined && !windowOf({ range, around }, Date.now()).isLive;
    this.#choice = isPast ? { range, around } : { range };
    history.replaceState(history.state, "", location.pathname + queryOf(this.#choice));
    this.#follow();
    announce(this.#period.textContent ?? "");
  }

  #follow() {
    this.#end();
    const now = Date.now();
    const window = windowOf(this.#choice, now);
    this.#isLive = window.isLive;
    this.#range.value = this.#choice.range;
    this.#around.input.setAttribute("min", minuteText(now - KEPT[60]));
    // It is left alone while somebody types in it.
    if (document.activeElement !== this.#around.input) this.#showAround();
    this.#failure.clear();
    for (const chart of this.#charts) chart.update([], window, t("org.loading"));
    this.#showPeriod(window);
    this.#end = this.#timeline(window, (timeline) => this.#show(timeline));
  }

  #showAround() {
    this.#around.fail(undefined);
    this.#around.input.value = this.#choice.around === undefined ? "" : minuteText(this.#choice.around);
  }

  /** @param {{ from: number, to: number, step: 1 | 60 }} window */
  #showPeriod({ from, to, step }) {
    setText(this.#period, `${periodWords(from, to)} · ${t(`org.range.step.${step}`)}`);
    const now = Date.now();
    // Not disabled, for then they would lose the focus while they are pressed.
    this.#earlier.setAttribute("aria-disabled", String(earlier(this.#choice, now) === undefined));
    for (const button of [this.#later, this.#now]) button.setAttribute("aria-disabled", String(this.#isLive));
  }

  /** @param {TimelineWindow} timeline */
  #show(timeline) {
    const { bounds, moments, problem, isLoaded, isLive, step } = timeline;
    this.#showPeriod({ ...bounds, step });
    if (problem === undefined) this.#failure.clear();
    else this.#failure.say("warn", t("org.chart.failed", { problem: problemWords(problem) }));
    const empty = t(isLoaded ? "org.chart.none" : problem === undefined ? "org.loading" : "org.chart.missing");
    const update = (/** @type {TimeChart} */ chart, /** @type {import("./time-chart.js").Row[]} */ rows) =>
      chart.update(rows.filter(({ at }) => at >= bounds.from && at <= bounds.to), bounds, empty);
    const counts = (/** @type {(moment: Moment) => number[]} */ values) =>
      moments.map((moment) => ({ at: moment.at, values: values(moment) }));
    // The minute that still runs would look as if the sale slowed down.
    const whole = step === 60 && isLive ? moments.slice(0, -1) : moments;
    const rates = (/** @type {readonly ("sold" | "confirmed" | "declined" | "expired")[]} */ names) =>
      whole.flatMap(({ at }, index) => {
        const values = names.flatMap((name) => perMinute(whole, (moment) => moment[name], index) ?? []);
        // Where the timeline begins there is no pace yet.
        return values.length === 0 ? [] : [{ at, values: values.map((value) => Math.max(0, value)) }];
      });
    update(this.#seats, counts(({ sold, held, free }) => [sold, held, free]));
    update(this.#pace, rates(["sold"]));
    update(this.#line, counts(({ waiting, activeShoppers }) => [waiting, activeShoppers]));
    update(this.#orders, rates(FINAL_STATES));
  }
}
