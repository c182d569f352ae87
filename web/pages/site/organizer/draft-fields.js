import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { uniqueID } from "./parts.js";
import { field, timeField } from "./time-field.js";

/**
 * @typedef {import("./draft.js").Draft} Draft
 * @typedef {import("./time-field.js").Field} Field
 * @typedef {{ [Name in keyof Draft]: Draft[Name] extends string ? Name : never }[keyof Draft]} TextName
 */

const CURRENCIES = ["KRW", "USD", "EUR", "JPY", "GBP"];

/** The fields of a draft's form: each writes what is typed into the draft, and is found by what it fills. */
export class DraftFields {
  #draft;
  #changed;
  /** @type {Map<string, Field>} by the JSON pointer to the member they fill */
  #made = new Map();
  /** @type {(() => void)[]} to be told when the venue's time zone changes */
  #zoneChanged = [];

  /** @param {Draft} draft @param {() => void} changed called after each change */
  constructor(draft, changed) {
    this.#draft = draft;
    this.#changed = changed;
  }

  get pointers() {
    return new Set(this.#made.keys());
  }

  /** @param {string} pointer */
  at(pointer) {
    return this.#made.get(pointer);
  }

  /** @param {string} pointer @param {Field} made */
  set(pointer, made) {
    this.#made.set(pointer, made);
  }

  /** @param {string} prefix of the pointers whose fields are about to be made anew */
  forget(prefix) {
    for (const pointer of this.pointers) if (pointer.startsWith(prefix)) this.#made.delete(pointer);
  }

  clearFaults() {
    for (const made of this.#made.values()) made.fail(undefined);
  }

  /**
   * @param {TextName} name @param {string} pointer @param {import("../lib/dom.js").Attributes} attributes
   * @param {string} [hint] @param {boolean} [isLong]
   */
  text(name, pointer, attributes, hint, isLong = false) {
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
    this.set(pointer, made);
    return made.element;
  }

  /** @param {TextName} name @param {string} parent @param {number} [min] */
  number(name, parent, min = 1) {
    return this.text(
      name,
      parent + name,
      { type: "number", min, step: 1, inputmode: "numeric" },
      t(`org.create.${name}Hint`),
    );
  }

  /** @param {"startsAt" | "opensAt" | "lobbyOpensAt" | "closesAt"} name @param {string} pointer */
  time(name, pointer) {
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
    this.set(pointer, made);
    this.#zoneChanged.push(made.zoneChanged);
    return made.element;
  }

  zone() {
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
    this.set("/timeZone", made);
    return made.element;
  }

  /** @param {"waitingRoom" | "preventOrphans"} name @param {string} hint */
  check(name, hint) {
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

  currency() {
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
    this.set("/currency", made);
    made.element.classList.add("org-short");
    return made.element;
  }
}
