import { Problem } from "../../../client/src/index.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Kept } from "../lib/storage.js";
import { confirmed } from "./dialog.js";
import { warningsOf } from "./draft-warnings.js";
import { categoriesInUse, checkDraft, copyOf, emptyDraft, isDraft, toRequest } from "./draft.js";
import { faultWords, fieldFor, fromServer, reasonWords } from "./fault-words.js";
import { Outcome, section, uniqueID } from "./parts.js";
import { PlanPart, loadPlan } from "./plan-part.js";
import { FILE_BYTES_MOST } from "./plan-check.js";
import { keepPlan, keptPlan } from "./plan-store.js";
import { problemWords } from "./problem-words.js";
import { eventPath } from "./routes.js";
import { field, timeField } from "./time-field.js";

/**
 * @typedef {import("./draft.js").Draft} Draft
 * @typedef {import("./plan-check.js").Fault} Fault
 * @typedef {import("./plan-part.js").LoadedPlan} LoadedPlan
 * @typedef {import("./time-field.js").Field} Field
 * @typedef {{ [Name in keyof Draft]: Draft[Name] extends string ? Name : never }[keyof Draft]} TextName
 */

const CURRENCIES = ["KRW", "USD", "EUR", "JPY", "GBP"];
const REDRAW_MILLISECONDS = 400;

/** Creates an event. The input survives a reload, and so does the plan's file. */
class CreatePage {
  element = el("form");
  #desk;
  #navigate;
  #kept = new Kept("organizer.draft", isDraft, () => sessionStorage);
  #draft = this.#kept.get() ?? emptyDraft();
  /** @type {LoadedPlan | undefined} */
  #loaded;
  #plan = new PlanPart({ onFile: (file) => this.#takeFile(file), onRemove: () => this.#removePlan() });
  /** @type {Map<string, Field>} by the JSON pointer to the member they fill */
  #fields = new Map();
  #pricesPlace = el("div", { class: "org-prices" });
  #areasPlace = el("div", { class: "stack" });
  #suggestions = el("div", { class: "row" });
  #faults = el("div", { tabindex: "-1" });
  #outcome = new Outcome();
  #isSending = false;
  /** @type {(() => void)[]} to be told when the venue's time zone changes */
  #zoneChanged = [];
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #redraw;

  /** @param {import("./desk.js").Desk} desk @param {(path: string) => void} navigate */
  constructor(desk, navigate) {
    this.#desk = desk;
    this.#navigate = navigate;
    this.#build();
    void this.#begin();
  }

  /** Shows the draft as it is, instead of what was shown before. */
  #build() {
    this.#fields.clear();
    this.#zoneChanged = [];
    const form = el(
      "form",
      {
        class: "stack org-create",
        novalidate: true,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          void this.#submit();
        },
      },
      el("a", { class: "org-back", href: "/organizer" }, t("org.events.back")),
      el("h1", { tabindex: "-1" }, t("org.create.title")),
      el("p", { class: "soft org-lead" }, t("org.create.lead")),
      section(t("org.create.plan"), this.#plan.element),
      section(t("org.create.about"), [
        this.#text("title", "/title", { required: true, autocomplete: "off" }),
        this.#text("venue", "/venue", { autocomplete: "off" }),
        this.#zone(),
        this.#time("startsAt", "/startsAt"),
        this.#text("id", "/id", { autocomplete: "off", spellcheck: "false", maxlength: 64 }, t("org.create.idHint")),
      ]),
      section(t("org.create.profile"), [
        el("p", { class: "soft small" }, t("org.create.profileHint")),
        this.#text("description", "/description", {}, undefined, true),
        this.#text("posterURL", "/posterURL", { type: "url", autocomplete: "off" }),
        el(
          "div",
          { class: "org-pair" },
          this.#text("ageLimit", "/ageLimit", { inputmode: "numeric" }),
          this.#text("runningMinutes", "/runningMinutes", { inputmode: "numeric" }),
        ),
        this.#text("terms", "/terms", {}, undefined, true),
      ]),
      section(t("org.create.areas"), [
        el("p", { class: "soft small" }, t("org.create.areasHint")),
        this.#areasPlace,
        el(
          "div",
          { class: "row" },
          el("button", { type: "button", onclick: () => this.#addArea("") }, t("org.create.addArea")),
          this.#suggestions,
        ),
      ]),
      section(t("org.create.prices"), this.#currency(), this.#pricesPlace),
      section(t("org.create.onsale"), [
        this.#time("opensAt", "/onsale/opensAt"),
        this.#time("lobbyOpensAt", "/onsale/lobbyOpensAt"),
        this.#time("closesAt", "/onsale/closesAt"),
        this.#check("waitingRoom", t("org.create.waitingRoomHint")),
        el(
          "div",
          { class: "org-pair" },
          this.#number("maxActiveShoppers", "/onsale/"),
          this.#number("passSeconds", "/onsale/"),
          this.#number("passIdleSeconds", "/onsale/", 10),
          this.#number("frontSeconds", "/onsale/", 0),
        ),
      ]),
      section(t("org.create.limits"), [
        el(
          "div",
          { class: "org-pair" },
          this.#number("ticketsPerBuyer", "/limits/"),
          this.#number("holdSeconds", "/limits/"),
        ),
        this.#check("preventOrphans", t("org.create.preventOrphansHint")),
      ]),
      el(
        "div",
        { class: "card" },
        this.#faults,
        this.#outcome.element,
        el(
          "div",
          { class: "row" },
          el("button", { type: "submit", class: "primary" }, t("org.create.submit")),
          el("button", { type: "button", onclick: () => void this.#submit("draft") }, t("org.create.submitDraft")),
        ),
        el("p", { class: "soft small" }, t("org.create.draftHint")),
      ),
    );
    this.element.replaceWith(form);
    this.element = form;
    this.#showAreas();
    this.#showPrices();
  }

  stop() {
    clearTimeout(this.#redraw);
  }

  // Storage

  async #begin() {
    const from = new URLSearchParams(location.search).get("from");
    if (from === null || !(await this.#copy(from))) await this.#restore();
  }

  async #restore() {
    const file = await keptPlan();
    if (file && !this.#loaded) this.#setPlan(loadPlan(file.name, file.bytes));
  }

  /**
   * Begins with a copy of another event.
   * @param {string} id @returns {Promise<boolean>} whether there is one now
   */
  async #copy(id) {
    // The address is the copy's only until it is made: a reload goes on with what was typed since.
    history.replaceState(history.state, "", location.pathname);
    const isSure = this.#kept.get() === undefined || (await confirmed({
      title: t("org.copy.title"), text: [t("org.copy.effect")], action: t("org.copy.submit"),
    }));
    if (!isSure) return false;
    this.#outcome.say("busy", t("org.working"));
    try {
      const event = await this.#desk.call((client, token) => client.getEvent(id, token));
      const plan = event.capacity > event.areas.reduce((sum, area) => sum + area.capacity, 0)
        ? await this.#desk.client.getSeatingPlan(id)
        : undefined;
      this.#draft = copyOf(event);
      this.#build();
      this.#removePlan();
      if (plan) await this.#takeFile(new File([JSON.stringify(plan)], `${id}.json`, { type: "application/json" }));
      this.#changed();
      this.#outcome.say("good", t("org.copy.done"));
      return true;
    } catch (error) {
      this.#outcome.say("bad", problemWords(error));
      return false;
    }
  }

  #changed() {
    this.#kept.set(this.#draft);
    clearTimeout(this.#redraw);
    this.#redraw = setTimeout(() => this.#plan.draw(this.#loaded, this.#draft), REDRAW_MILLISECONDS);
  }

  // The plan

  /** @param {File} file */
  async #takeFile(file) {
    // Refuse a file that is too large without reading it.
    if (file.size > FILE_BYTES_MOST) {
      const fault = {
        pointer: "/seatingPlan",
        reason: "file.tooLarge",
        values: { megabytes: Math.ceil(file.size / 1048576) },
      };
      this.#setPlan({ file: file.name, plan: undefined, faults: [fault], summary: undefined });
      return;
    }
    try {
      const bytes = await file.arrayBuffer();
      this.#setPlan(loadPlan(file.name, bytes));
      if (this.#loaded?.plan) await keepPlan({ name: file.name, bytes });
    } catch {
      const fault = { pointer: "/seatingPlan", reason: "file.unreadable" };
      this.#setPlan({ file: file.name, plan: undefined, faults: [fault], summary: undefined });
    }
  }

  #removePlan() {
    void keepPlan(undefined);
    this.#setPlan(undefined);
  }

  /** @param {LoadedPlan | undefined} loaded */
  #setPlan(loaded) {
    this.#guessVenue(loaded?.plan?.name ?? "");
    this.#loaded = loaded;
    this.#plan.update(loaded, this.#draft);
    this.#showPrices();
    this.#showSuggestions();
  }

  /**
   * Prefills the venue with the plan's name, which is usually the same, unless the user typed another.
   * @param {string} name
   */
  #guessVenue(name) {
    const venue = this.#fields.get("/venue")?.input;
    if (!venue || ![undefined, "", this.#loaded?.plan?.name].includes(venue.value)) return;
    venue.value = name;
    this.#draft.venue = name;
    this.#changed();
  }

  // Fields

  /**
   * @param {TextName} name @param {string} pointer @param {import("../lib/dom.js").Attributes} attributes
   * @param {string} [hint] @param {boolean} [isLong]
   */
  #text(name, pointer, attributes, hint, isLong = false) {
    const made = field({
      label: t(`org.member.${name}`),
      isLong,
      ...(hint !== undefined && { hint }),
      attributes: {
        ...attributes,
        value: this.#draft[name],
        oninput: () => {
          this.#draft[name] = made.input.value;
          made.fail(undefined);
          this.#changed();
        },
      },
    });
    this.#fields.set(pointer, made);
    return made.element;
  }

  /** @param {TextName} name @param {string} parent @param {number} [min] */
  #number(name, parent, min = 1) {
    return this.#text(
      name,
      parent + name,
      { type: "number", min, step: 1, inputmode: "numeric" },
      t(`org.create.${name}Hint`),
    );
  }

  /** @param {"startsAt" | "opensAt" | "lobbyOpensAt" | "closesAt"} name @param {string} pointer */
  #time(name, pointer) {
    const made = timeField({
      label: t(`org.member.${name}`),
      ...(name !== "startsAt" && { hint: t(`org.create.${name}Hint`) }),
      value: this.#draft[name],
      zone: () => this.#draft.timeZone,
      onInput: (text) => {
        this.#draft[name] = text;
        made.fail(undefined);
        this.#changed();
      },
    });
    this.#fields.set(pointer, made);
    this.#zoneChanged.push(made.zoneChanged);
    return made.element;
  }

  #zone() {
    const list = uniqueID("zones");
    // TypeScript's library does not know it yet.
    /** @type {string[]} */
    const zones = /** @type {any} */ (Intl).supportedValuesOf("timeZone");
    const made = field({
      label: t("org.member.timeZone"),
      hint: t("org.create.timeZoneHint"),
      below: el("datalist", { id: list }, zones.map((value) => el("option", { value }))),
      attributes: {
        value: this.#draft.timeZone, list, autocomplete: "off", spellcheck: "false",
        oninput: () => {
          this.#draft.timeZone = made.input.value.trim();
          made.fail(undefined);
          for (const tell of this.#zoneChanged) tell();
          this.#changed();
        },
      },
    });
    this.#fields.set("/timeZone", made);
    return made.element;
  }

  /** @param {"waitingRoom" | "preventOrphans"} name @param {string} hint */
  #check(name, hint) {
    const id = uniqueID("check");
    const input = el("input", {
      id, type: "checkbox", checked: this.#draft[name], "aria-describedby": `${id}-hint`,
      onchange: () => {
        this.#draft[name] = input.checked;
        this.#changed();
      },
    });
    return el(
      "div",
      { class: "field" },
      el("div", { class: "org-check" }, input, el("label", { for: id }, t(`org.member.${name}`))),
      el("p", { class: "soft small", id: `${id}-hint` }, hint),
    );
  }

  #currency() {
    const list = uniqueID("currencies");
    const made = field({
      label: t("org.member.currency"),
      hint: t("org.create.currencyHint"),
      below: el("datalist", { id: list }, CURRENCIES.map((value) => el("option", { value }))),
      attributes: {
        value: this.#draft.currency, list, maxlength: 3, autocomplete: "off", autocapitalize: "characters",
        oninput: () => {
          made.input.value = made.input.value.toUpperCase();
          this.#draft.currency = made.input.value;
          made.fail(undefined);
          this.#changed();
        },
      },
    });
    this.#fields.set("/currency", made);
    made.element.classList.add("org-short");
    return made.element;
  }

  #showPrices() {
    for (const pointer of [...this.#fields.keys()]) if (pointer.startsWith("/prices/")) this.#fields.delete(pointer);
    const used = categoriesInUse(this.#loaded?.summary, this.#draft.areas);
    const known = new Map((this.#loaded?.summary?.categories ?? []).map((category) => [category.name, category]));
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

  // Standing areas

  /** @param {string} name */
  #addArea(name) {
    const isCategory = this.#loaded?.summary?.categories.some((category) => category.name === name);
    this.#draft.areas.push({ name, capacity: "", category: isCategory ? name : "" });
    this.#areasChanged();
    const pointer = `/areas/${this.#draft.areas.length - 1}/${name === "" ? "name" : "capacity"}`;
    this.#fields.get(pointer)?.input.focus();
  }

  #areasChanged() {
    this.#changed();
    this.#showAreas();
    this.#showPrices();
    this.#showSuggestions();
  }

  #showAreas() {
    for (const pointer of [...this.#fields.keys()]) if (pointer.startsWith("/areas/")) this.#fields.delete(pointer);
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
    const names = (this.#loaded?.summary?.categories ?? []).map((category) => category.name);
    show(this.#areasPlace, rows, el("datalist", { id: list }, names.map((value) => el("option", { value }))));
  }

  #showSuggestions() {
    const known = new Set(this.#draft.areas.map((area) => area.name.trim()));
    const drawn = (this.#loaded?.summary?.drawnAreas ?? []).filter((name) => !known.has(name));
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

  // Sending

  /** @param {"draft" | "published"} state */
  async #submit(state = "published") {
    if (this.#isSending) return;
    this.#outcome.clear();
    for (const made of this.#fields.values()) made.fail(undefined);
    const loaded = this.#loaded;
    const request = { ...toRequest(this.#draft, loaded?.plan, loaded?.summary), state };
    const faults = [...(loaded?.faults ?? []), ...checkDraft(this.#draft, loaded?.summary)];
    this.#showFaults(faults, request);
    if (faults.length > 0 || !(await this.#isMeant())) return;
    this.#isSending = true;
    this.#outcome.say("busy", t("org.create.sending"));
    try {
      const event = await this.#desk.call((client, token) => client.createEvent(token, request));
      this.#kept.set(undefined);
      await keepPlan(undefined);
      this.#navigate(eventPath(event.id));
    } catch (error) {
      await this.#refused(error, request);
    } finally {
      this.#isSending = false;
    }
  }

  /** Whether what nobody means is meant. */
  async #isMeant() {
    const warnings = warningsOf(this.#draft, this.#loaded?.summary);
    return warnings.length === 0 || confirmed({
      title: t("org.warning.title"),
      text: warnings.map(({ reason, values }) => t(`org.warning.${reason}`, values)),
      action: t("org.warning.submit"),
      keep: t("org.warning.back"),
    });
  }

  /** @param {unknown} error @param {ReturnType<typeof toRequest>} request */
  async #refused(error, request) {
    const errors = error instanceof Problem ? error.body.errors ?? [] : [];
    if (errors.length > 0) {
      this.#outcome.clear();
      this.#showFaults(errors.map(fromServer), request);
    } else if (error instanceof Problem && error.slug === "event-exists") {
      this.#outcome.clear();
      this.#showFaults([{ pointer: "/id", reason: "idTaken" }], request);
    } else {
      const isUnknown = error instanceof Problem && error.isPassing;
      this.#outcome.say("bad", problemWords(error) + (isUnknown ? ` ${t("org.create.unknown")}` : ""));
    }
  }

  /** @param {Fault[]} faults @param {unknown} request */
  #showFaults(faults, request) {
    const pointers = new Set(this.#fields.keys());
    const items = faults.map((fault) => {
      const pointer = fieldFor(fault.pointer, pointers);
      const made = pointer === undefined ? undefined : this.#fields.get(pointer);
      made?.fail(reasonWords(fault, request));
      const text = faultWords(fault, request);
      if (!made) return el("li", null, text);
      const jump = (/** @type {Event} */ event) => {
        event.preventDefault();
        made.input.focus();
      };
      return el("li", null, el("a", { href: `#${made.input.id}`, onclick: jump }, text));
    });
    if (items.length === 0) {
      show(this.#faults);
      return;
    }
    show(
      this.#faults,
      el(
        "div",
        { class: "notice bad stack" },
        el("p", null, el("strong", null, t("org.create.faults", { count: items.length }))),
        el("ul", null, items),
      ),
    );
    this.#faults.focus();
  }
}

/**
 * @param {import("./desk.js").Desk} desk @param {(path: string) => void} navigate
 * @returns {import("./parts.js").View}
 */
export function createView(desk, navigate) {
  const page = new CreatePage(desk, navigate);
  return { title: t("org.create.title"), element: page.element, stop: () => page.stop() };
}
