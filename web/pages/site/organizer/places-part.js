import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { categoriesInUse } from "./draft.js";
import { uniqueID } from "./parts.js";
import { field } from "./time-field.js";

/** @typedef {import("./plan-check.js").PlanSummary} PlanSummary */

/** The form parts for the standing areas and for the prices of all categories, those of the plan and those of areas. */
export class PlacesPart {
  #draft;
  #fields;
  #changed;
  /** @type {PlanSummary | undefined} */
  #summary;
  #pricesPlace = el("div", { class: "org-prices" });
  #areasPlace = el("div", { class: "stack" });
  #suggestions = el("div", { class: "row" });
  prices = this.#pricesPlace;
  areas = el(
    "div",
    { class: "stack" },
    this.#areasPlace,
    el(
      "div",
      { class: "row" },
      el("button", { type: "button", onclick: () => this.#addArea("") }, t("org.create.addArea")),
      this.#suggestions,
    ),
  );

  /**
   * @param {import("./draft.js").Draft} draft @param {import("./draft-fields.js").DraftFields} fields
   * @param {() => void} changed called after each change
   */
  constructor(draft, fields, changed) {
    this.#draft = draft;
    this.#fields = fields;
    this.#changed = changed;
    this.#showAreas();
    this.#showPrices();
  }

  /** @param {PlanSummary | undefined} summary of the plan that has been chosen */
  update(summary) {
    this.#summary = summary;
    this.#showPrices();
    this.#showSuggestions();
  }

  /** @param {string} name */
  #addArea(name) {
    const isCategory = this.#summary?.categories.some((category) => category.name === name);
    this.#draft.areas.push({ name, capacity: "", category: isCategory ? name : "" });
    this.#areasChanged();
    const pointer = `/areas/${this.#draft.areas.length - 1}/${name === "" ? "name" : "capacity"}`;
    this.#fields.at(pointer)?.input.focus();
  }

  #areasChanged() {
    this.#changed();
    this.#showAreas();
    this.#showPrices();
    this.#showSuggestions();
  }

  #showAreas() {
    this.#fields.forget("/areas/");
    const list = uniqueID("categories");
    const rows = this.#draft.areas.map((area, index) => {
      const cell = (/** @type {"name" | "capacity" | "category"} */ name, /** @type {import("../lib/dom.js").Attributes} */ attributes) => {
        const made = field({
          label: t(`org.area.${name}`),
          attributes: {
            autocomplete: "off", value: area[name], ...attributes,
            oninput: () => {
              area[name] = made.input.value;
              made.fail(undefined);
              this.#changed();
              if (name === "category") this.#showPrices();
            },
          },
        });
        this.#fields.set(`/areas/${index}/${name}`, made);
        return made.element;
      };
      return el(
        "fieldset",
        { class: "org-area" },
        el("legend", null, t("org.place.standing.nth", { number: String(index + 1) })),
        cell("name", {}),
        cell("capacity", { type: "number", min: 1, step: 1, inputmode: "numeric" }),
        cell("category", { list }),
        el(
          "button",
          {
            type: "button",
            class: "plain",
            onclick: () => {
              this.#draft.areas.splice(index, 1);
              this.#areasChanged();
            },
          },
          t("org.create.removeArea"),
        ),
      );
    });
    const names = (this.#summary?.categories ?? []).map((category) => category.name);
    show(this.#areasPlace, rows, el("datalist", { id: list }, names.map((value) => el("option", { value }))));
  }

  #showSuggestions() {
    const known = new Set(this.#draft.areas.map((area) => area.name.trim()));
    const drawn = (this.#summary?.drawnAreas ?? []).filter((name) => !known.has(name));
    show(
      this.#suggestions,
      drawn.map(
        (name) => el(
          "button",
          { type: "button", onclick: () => this.#addArea(name) },
          t("org.create.addDrawn", { name }),
        ),
      ),
    );
  }

  // Prices

  #showPrices() {
    this.#fields.forget("/prices/");
    const used = categoriesInUse(this.#summary, this.#draft.areas);
    const known = new Map((this.#summary?.categories ?? []).map((category) => [category.name, category]));
    const rows = used.map((name, index) => {
      const seats = known.get(name)?.seats ?? 0;
      const made = field({
        label: name,
        ...(seats > 0 && { hint: t("org.plan.seats", { count: seats }) }),
        attributes: {
          inputmode: "decimal", autocomplete: "off", value: this.#draft.prices[name] ?? "",
          oninput: () => {
            this.#draft.prices[name] = made.input.value;
            made.fail(undefined);
            this.#changed();
          },
        },
      });
      this.#fields.set(`/prices/${index}/amount`, made);
      const color = known.get(name)?.color;
      if (color) {
        const key = el("span", { class: "org-swatch", "aria-hidden": "true" });
        key.style.setProperty("background-color", color);
        made.element.querySelector("label")?.prepend(key);
      }
      return made.element;
    });
    const unused = [...known.values()].filter(
      (category) => !used.includes(category.name),
    ).map((category) => category.name);
    show(
      this.#pricesPlace,
      rows.length === 0 ? el("p", { class: "soft small" }, t("org.create.noCategories")) : rows,
      unused.length > 0 && el(
        "p",
        { class: "soft small org-wide" },
        t("org.create.unused", { names: unused.join(", ") }),
      ),
    );
  }
}
