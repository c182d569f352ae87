import { SeatStates } from "../../../client/src/index.js";
import { el, setText, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { SeatingChart } from "../map/chart.js";
import { categoriesInUse } from "./draft.js";
import { faultWords } from "./fault-words.js";
import { parseMoney } from "./money-input.js";
import { uniqueID } from "./parts.js";
import { FAULTS_MOST, FILE_BYTES_MOST, readPlan, summarize } from "./plan-check.js";
import { seatWidget } from "./seat-widgets.js";

/**
 * @typedef {import("./draft.js").Draft} Draft
 * @typedef {import("./plan-check.js").Fault} Fault
 * @typedef {import("../../../client/src/types.js").SeatingPlan} SeatingPlan
 */

const FAULTS_SHOWN = 12;

/**
 * A seating-plan file as loaded.
 * @typedef {object} LoadedPlan
 * @property {string} file its name
 * @property {SeatingPlan | undefined} plan
 * @property {Fault[]} faults
 * @property {import("./plan-check.js").PlanSummary | undefined} summary
 */

/** @param {string} file @param {ArrayBuffer} bytes @returns {LoadedPlan} */
export function loadPlan(file, bytes) {
  const { plan, faults } = readPlan(bytes);
  return { file, plan, faults, summary: plan && summarize(plan) };
}

/** The form part for choosing the plan's file, with the findings and a preview. */
export class PlanPart {
  #picker = uniqueID("plan");
  #found = el("div", { class: "stack" });
  #preview = el("div", { class: "org-map", hidden: true });
  #status = el("p", { role: "status", class: "soft small" });
  #map = seatWidget("seat-map");

  /** @param {{ onFile: (file: File) => Promise<void>, onRemove: () => void }} told */
  constructor(told) {
    const input = el(
      "input",
      { id: this.#picker, type: "file", accept: ".json,application/json", class: "visually-hidden" },
    );
    const take = async (/** @type {File | undefined} */ file) => {
      if (!file) return;
      setText(this.#status, t("org.plan.reading", { file: file.name }));
      await told.onFile(file);
      input.value = "";
    };
    input.addEventListener("change", () => void take(input.files?.[0]));
    const drop = el(
      "div",
      { class: "org-drop" },
      input,
      el("label", { class: "button", for: this.#picker }, t("org.plan.choose")),
      el("p", { class: "soft small" }, t("org.plan.drop", { megabytes: FILE_BYTES_MOST / 1048576 })),
    );
    // Without this the browser would navigate to the file.
    drop.addEventListener("dragover", (event) => {
      event.preventDefault();
      drop.classList.add("over");
    });
    drop.addEventListener("dragleave", () => drop.classList.remove("over"));
    drop.addEventListener("drop", (event) => {
      event.preventDefault();
      drop.classList.remove("over");
      void take(event.dataTransfer?.files[0]);
    });
    this.remove = el(
      "button",
      { type: "button", class: "plain org-start", onclick: told.onRemove },
      t("org.plan.remove"),
    );
    this.#preview.append(this.#map);
    this.element = el("div", { class: "stack" }, drop, this.#status, this.#found, this.#preview);
  }

  /** @param {LoadedPlan | undefined} loaded @param {Draft} draft */
  update(loaded, draft) {
    setText(this.#status, loaded?.plan ? t("org.plan.read", { file: loaded.file }) : "");
    show(this.#found, loaded && [faultList(loaded), loaded.summary && counts(loaded.summary), this.remove]);
    this.draw(loaded, draft);
  }

  /** @param {LoadedPlan | undefined} loaded @param {Draft} draft */
  draw(loaded, draft) {
    const plan = loaded?.plan;
    const areas = draft.areas.map(
      (area) => ({ name: area.name, category: area.category, capacity: Number(area.capacity) || 0 }),
    );
    this.#preview.hidden = !plan || loaded.summary?.seats === 0;
    if (!plan || this.#preview.hidden) return;
    const prices = categoriesInUse(loaded.summary, draft.areas).flatMap((category) => {
      const amount = parseMoney(draft.prices[category] ?? "", draft.currency);
      return amount === undefined ? [] : [{ category, amount }];
    });
    const currency = /^[A-Z]{3}$/.test(draft.currency) ? draft.currency : "KRW";
    const chart = new SeatingChart(plan, { prices, areas, currency });
    const states = new SeatStates();
    states.replace({
      version: 0,
      seats: ".".repeat(chart.seatCount),
      areas: areas.map(({ name, capacity }) => ({ name, free: capacity })),
    });
    this.#map.load(chart, states);
  }
}

/** @param {LoadedPlan} loaded */
function faultList({ plan, faults, file }) {
  if (faults.length === 0) return null;
  const request = { seatingPlan: plan };
  const rest = faults.length - FAULTS_SHOWN;
  const count = faults.length >= FAULTS_MOST ? t(
    "org.plan.faultsMany",
    { count: faults.length, file },
  ) : t("org.plan.faults", { count: faults.length, file });
  return el(
    "div",
    { class: "notice bad stack", role: "alert" },
    el("p", null, plan ? count : t("org.plan.unusable", { file })),
    el("ul", null, faults.slice(0, FAULTS_SHOWN).map((fault) => el("li", null, faultWords(fault, request)))),
    rest > 0 &&
      el(
        "details",
        null,
        el("summary", null, t("org.plan.moreFaults", { count: rest })),
        el("ul", null, faults.slice(FAULTS_SHOWN).map((fault) => el("li", null, faultWords(fault, request)))),
      ),
  );
}

/** @param {import("./plan-check.js").PlanSummary} summary */
const counts = ({ zones, rows, seats }) =>
  el("p", { class: "org-plan-counts" }, [
    el("strong", null, t("org.plan.seats", { count: seats })),
    ` · ${t("org.plan.zones", { count: zones })} · ${t("org.plan.rows", { count: rows })}`,
  ]);
