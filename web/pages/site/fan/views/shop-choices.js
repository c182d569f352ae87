import { el, setText } from "../../lib/dom.js";
import { formatMoney, t } from "../../lib/i18n.js";
import { actionButton } from "./parts.js";

/**
 * @typedef {import("../../../../client/src/types.js").Event} Event
 * @typedef {import("../../../../client/src/types.js").CreateHold} CreateHold
 * @typedef {import("../../../../client/src/index.js").SeatStates} SeatStates
 * @typedef {import("../../map/chart.js").SeatingChart} SeatingChart
 */

/**
 * Chooses the price category to show.
 * @param {SeatingChart} chart @param {Event} event @param {(category: string | undefined) => void} chosen
 */
export function categoryFilter(chart, event, chosen) {
  const seated = seatedCategories(chart);
  const choice = (/** @type {string | undefined} */ name, /** @type {(Node | string)[]} */ ...label) => {
    const id = `filter-${name ?? ""}`;
    const input = el(
      "input",
      { type: "radio", name: "filter", id, class: "visually-hidden", onchange: () => chosen(name) },
    );
    input.checked = name === undefined;
    return [input, el("label", { for: id, class: "chip" }, ...label)];
  };
  return el(
    "fieldset",
    { class: "chips" },
    el("legend", { class: "visually-hidden" }, t("shop.filter")),
    choice(undefined, t("shop.allPrices")),
    seated.flatMap((category) => {
      const dot = el("span", { class: "dot", "aria-hidden": "true" });
      dot.style.setProperty("--dot", category.color);
      return choice(
        category.name,
        dot,
        category.name,
        " ",
        el("span", { class: "number" }, formatMoney(category.amount, event.currency)),
      );
    }),
  );
}

/**
 * Holds the best adjacent seats without searching the map.
 * @param {SeatingChart} chart @param {Event} event
 * @param {() => number} allowance how many more tickets the fan may hold
 * @param {(wanted: CreateHold) => Promise<void>} hold
 */
export function bestAvailable(chart, event, allowance, hold) {
  const category = el(
    "select",
    { id: "best-category" },
    seatedCategories(chart).map(({ name, amount }) =>
      el("option", { value: name }, t("best.option", { category: name, price: formatMoney(amount, event.currency) })),
    ),
  );
  const quantity = stepper(
    "best-quantity",
    t("quantity"),
    Math.min(2, Math.max(1, allowance())),
    event.limits.ticketsPerBuyer,
  );
  return el(
    "section",
    { class: "card" },
    el("h2", null, t("best.title")),
    el("div", { class: "field" }, el("label", { for: "best-category" }, t("best.category")), category),
    quantity.element,
    actionButton(
      t("best.hold"),
      () => hold({ best: { category: category.value, quantity: quantity.value() } }),
      "primary",
    ),
  );
}

/**
 * Standing areas, where the fan chooses only how many.
 * @param {SeatingChart} chart @param {Event} event @param {SeatStates} states @param {() => number} allowance
 * @param {(wanted: CreateHold) => Promise<void>} hold
 * @returns {{ element: HTMLElement, update: () => void }}
 */
export function standingAreas(chart, event, states, allowance, hold) {
  /** @type {(() => void)[]} */
  const updates = [];
  const element = el(
    "section",
    { class: "card" },
    el("h2", null, t("areas.title")),
    chart.areas.map(({ name, amount }, index) => {
      const free = el("span", { class: "soft small number" });
      const quantity = stepper(
        `area-${index}`,
        t("areas.quantity", { area: name }),
        Math.min(2, Math.max(1, allowance())),
        event.limits.ticketsPerBuyer,
      );
      updates.push(() => {
        const count = states.areas.get(name);
        setText(free, count === undefined ? "" : t("areas.free", { count }));
      });
      return el(
        "div",
        { class: "stack area", dataset: { area: name } },
        el(
          "div",
          { class: "row spread" },
          el("h3", null, name),
          el("span", { class: "number" }, formatMoney(amount, event.currency)),
        ),
        free,
        quantity.element,
        actionButton(t("areas.hold"), () => hold({ area: name, quantity: quantity.value() }), "primary"),
      );
    }),
  );
  return { element, update: () => updates.forEach((update) => update()) };
}

/**
 * A number field from 1 to `most`, with a button on each side.
 * @param {string} id @param {string} label @param {number} first @param {number} most
 */
function stepper(id, label, first, most) {
  const input = el("input", { id, type: "number", inputmode: "numeric", min: "1", max: String(most), class: "number" });
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
    el("label", { for: id }, label),
    el("div", { class: "stepper" }, step(-1, "stepper.less", "−"), input, step(1, "stepper.more", "+")),
  );
  return { element, value };
}

/** @param {SeatingChart} chart @returns the categories that have seats, in the chart's order */
function seatedCategories(chart) {
  const used = new Set(chart.category);
  return chart.categories.filter((_, index) => used.has(index));
}
