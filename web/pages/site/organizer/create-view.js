import { Problem } from "../../../client/src/index.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Kept } from "../lib/storage.js";
import { confirmed } from "./dialog.js";
import { DraftFields } from "./draft-fields.js";
import { warningsOf } from "./draft-warnings.js";
import { checkDraft, copyOf, emptyDraft, isDraft, toRequest } from "./draft.js";
import { faultWords, fieldFor, fromServer, reasonWords } from "./fault-words.js";
import { Outcome, section } from "./parts.js";
import { PlacesPart } from "./places-part.js";
import { PlanPart, loadPlan } from "./plan-part.js";
import { FILE_BYTES_MOST } from "./plan-check.js";
import { keepPlan, keptPlan } from "./plan-store.js";
import { problemWords } from "./problem-words.js";
import { eventPath } from "./routes.js";

/**
 * @typedef {import("./draft.js").Draft} Draft
 * @typedef {import("./plan-check.js").Fault} Fault
 * @typedef {import("./plan-part.js").LoadedPlan} LoadedPlan
 */

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
  #fields = new DraftFields(this.#draft, () => this.#changed());
  #places = new PlacesPart(this.#draft, this.#fields, () => this.#changed());
  #faults = el("div", { tabindex: "-1" });
  #outcome = new Outcome();
  #isSending = false;
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #redraw;

  /** @param {import("./desk.js").Desk} desk @param {(path: string) => void} navigate */
  constructor(desk, navigate) {
    this.#desk = desk;
    this.#navigate = navigate;
    this.#build();
    void this.#begin();
  }

  /** @param {Draft} draft is gone on with instead of the one before */
  #replace(draft) {
    this.#draft = draft;
    this.#fields = new DraftFields(draft, () => this.#changed());
    this.#places = new PlacesPart(draft, this.#fields, () => this.#changed());
    this.#places.update(this.#loaded?.summary);
    this.#build();
  }

  #build() {
    const fields = this.#fields;
    const places = this.#places;
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
        fields.text("title", "/title", { required: true, autocomplete: "off" }),
        fields.text("venue", "/venue", { autocomplete: "off" }),
        fields.zone(),
        fields.time("startsAt", "/startsAt"),
        fields.text("id", "/id", { autocomplete: "off", spellcheck: "false", maxlength: 64 }, t("org.create.idHint")),
      ]),
      section(t("org.create.profile"), [
        el("p", { class: "soft small" }, t("org.create.profileHint")),
        fields.text("description", "/description", {}, undefined, true),
        fields.text("posterURL", "/posterURL", { type: "url", autocomplete: "off" }),
        el(
          "div",
          { class: "org-pair" },
          fields.text("ageLimit", "/ageLimit", { inputmode: "numeric" }),
          fields.text("runningMinutes", "/runningMinutes", { inputmode: "numeric" }),
        ),
        fields.text("terms", "/terms", {}, undefined, true),
      ]),
      section(t("org.create.areas"), [
        el("p", { class: "soft small" }, t("org.create.areasHint")),
        places.areas,
      ]),
      section(t("org.create.prices"), fields.currency(), places.prices),
      section(t("org.create.onsale"), [
        fields.time("opensAt", "/onsale/opensAt"),
        fields.time("lobbyOpensAt", "/onsale/lobbyOpensAt"),
        fields.time("closesAt", "/onsale/closesAt"),
        fields.check("waitingRoom", t("org.create.waitingRoomHint")),
        el(
          "div",
          { class: "org-pair" },
          fields.number("maxActiveShoppers", "/onsale/"),
          fields.number("passSeconds", "/onsale/"),
          fields.number("passIdleSeconds", "/onsale/", 10),
          fields.number("frontSeconds", "/onsale/", 0),
        ),
      ]),
      section(t("org.create.limits"), [
        el(
          "div",
          { class: "org-pair" },
          fields.number("ticketsPerBuyer", "/limits/"),
          fields.number("holdSeconds", "/limits/"),
        ),
        fields.check("preventOrphans", t("org.create.preventOrphansHint")),
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
      this.#replace(copyOf(event));
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
    this.#places.update(loaded?.summary);
  }

  /**
   * Prefills the venue with the plan's name, which is usually the same, unless the user typed another.
   * @param {string} name
   */
  #guessVenue(name) {
    const venue = this.#fields.at("/venue")?.input;
    if (!venue || ![undefined, "", this.#loaded?.plan?.name].includes(venue.value)) return;
    venue.value = name;
    this.#draft.venue = name;
    this.#changed();
  }

  // Sending

  /** @param {"draft" | "published"} state */
  async #submit(state = "published") {
    if (this.#isSending) return;
    this.#outcome.clear();
    this.#fields.clearFaults();
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
    const pointers = this.#fields.pointers;
    const items = faults.map((fault) => {
      const pointer = fieldFor(fault.pointer, pointers);
      const made = pointer === undefined ? undefined : this.#fields.at(pointer);
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
