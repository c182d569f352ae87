import { Problem } from "../../../client/src/index.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { confirmed, openDialog } from "./dialog.js";
import { LIMITS } from "./draft.js";
import { faultWords, fromServer, reasonWords } from "./fault-words.js";
import { Outcome, uniqueID } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { pricePointer, termsFaults, termsFrom, typedTerms, warningsOfChange } from "./terms-change.js";
import { field } from "./time-field.js";

/**
 * @typedef {import("../../../client/src/types.js").Event} Event
 * @typedef {import("../../../client/src/types.js").ChangeEvent} ChangeEvent
 */

const TEXTS = /** @type {const} */ (["title", "description", "posterURL", "terms"]);
const NUMBERS = /** @type {const} */ (["ageLimit", "runningMinutes"]);
const LONG = new Set(["description", "terms"]);

/**
 * What differs between an event and what was typed.
 * @param {Event} event @param {Record<string, string>} typed @returns {ChangeEvent}
 */
export function changeFrom(event, typed) {
  /** @type {Record<string, string | number | null>} */
  const change = {};
  for (const name of TEXTS) {
    const text = (typed[name] ?? "").trim();
    if (text !== (event[name] ?? "")) change[name] = text === "" ? null : text;
  }
  for (const name of NUMBERS) {
    const text = (typed[name] ?? "").trim();
    if (text !== String(event[name] ?? "")) change[name] = text === "" ? null : Number(text);
  }
  return change;
}

/**
 * Edits what an event tells about itself, its prices and limits.
 * @param {Event} event
 * @param {string[]} categories those that are for sale
 * @param {(change: ChangeEvent) => Promise<Event>} save
 */
export function profileDialog(event, categories, save) {
  const outcome = new Outcome();
  /** @type {Map<string, import("./time-field.js").Field>} by pointer */
  const fields = new Map();
  const add = (/** @type {string} */ pointer, /** @type {Parameters<typeof field>[0]} */ options) => {
    const made = field({ ...options, attributes: { autocomplete: "off", ...options.attributes } });
    fields.set(pointer, made);
    return made.element;
  };
  const value = (/** @type {string} */ pointer) => fields.get(pointer)?.input.value ?? "";
  const numeric = { inputmode: "numeric" };
  const profile = [...TEXTS, ...NUMBERS].map((name) =>
    add(`/${name}`, {
      label: t(`org.member.${name}`),
      isLong: LONG.has(name),
      attributes: {
        name,
        value: String(event[name] ?? ""),
        ...(!LONG.has(name) && { type: name === "posterURL" ? "url" : "text" }),
        ...((name === "ageLimit" || name === "runningMinutes") && numeric),
      },
    }),
  );
  const before = typedTerms(event, categories);
  const prices = Object.entries(before.prices).map(([category, text]) =>
    add(pricePointer(category), { label: category, attributes: { value: text, inputmode: "decimal" } }),
  );
  const limits = LIMITS.map(([name, pointer]) =>
    add(pointer, { label: t(`org.member.${name}`), attributes: { value: before[name], ...numeric } }),
  );
  const preventOrphans = el("input", { id: uniqueID("orphans"), type: "checkbox", checked: before.preventOrphans });
  const typed = () => ({
    prices: Object.fromEntries(Object.keys(before.prices).map((category) => [category, value(pricePointer(category))])),
    ticketsPerBuyer: value("/limits/ticketsPerBuyer"),
    holdSeconds: value("/limits/holdSeconds"),
    preventOrphans: preventOrphans.checked,
  });
  /** @returns {Record<string, string>} */
  const told = () => Object.fromEntries([...TEXTS, ...NUMBERS].map((name) => [name, value(`/${name}`)]));

  /** @param {import("./plan-check.js").Fault[]} faults @param {ChangeEvent} [change] what the server refuses */
  const showFaults = (faults, change) => {
    outcome.clear();
    const placed = faults.map((fault) => ({ fault, made: fields.get(fieldOf(fault.pointer, change)) }));
    for (const { fault, made } of placed) {
      if (made) made.fail(reasonWords(fault, change));
      else outcome.say("bad", faultWords(fault, change));
    }
    placed.find(({ made }) => made)?.made?.input.focus();
  };
  let isSaving = false;
  const submit = async () => {
    if (isSaving) return;
    for (const made of fields.values()) made.fail(undefined);
    const faults = [...profileFaults(told()), ...termsFaults(event, typed())];
    if (faults.length > 0) return showFaults(faults);
    const terms = termsFrom(event, typed());
    const change = { ...changeFrom(event, told()), ...terms };
    if (Object.keys(change).length === 0) return dialog.close();
    isSaving = true;
    try {
      if (!(await isMeant(warningsOfChange(terms, event.capacity)))) return;
      outcome.say("busy", t("org.working"));
      await save(change);
      dialog.close();
    } catch (error) {
      const refused = (error instanceof Problem ? error.body.errors ?? [] : []).map(fromServer);
      if (refused.length > 0) showFaults(refused, change);
      else outcome.say("bad", problemWords(error));
    } finally {
      isSaving = false;
    }
  };
  const dialog = openDialog({
    title: t("org.profile.title"),
    // Escape would lose what was typed.
    isFirm: true,
    content: [
      el(
        "form",
        {
          class: "stack",
          novalidate: true,
          onsubmit: (/** @type {SubmitEvent} */ submitted) => {
            submitted.preventDefault();
            void submit();
          },
        },
        profile,
        el(
          "fieldset",
          { class: "org-terms stack" },
          el("legend", null, t("org.profile.terms")),
          el("p", { class: "soft small" }, t("org.profile.termsHint")),
          el("div", { class: "org-prices" }, prices),
          el("div", { class: "org-pair" }, limits),
          el(
            "div",
            { class: "org-check" },
            preventOrphans,
            el("label", { for: preventOrphans.id }, t("org.member.preventOrphans")),
          ),
        ),
        outcome.element,
        el(
          "div",
          { class: "row dialog-buttons" },
          el("button", { type: "button", onclick: () => dialog.close() }, t("org.dialog.no")),
          el("button", { type: "submit", class: "primary" }, t("org.profile.save")),
        ),
      ),
    ],
  });
}

/**
 * @param {Record<string, string>} typed
 * @returns {import("./plan-check.js").Fault[]} what is wrong
 */
const profileFaults = (typed) => [
  ...((typed["title"] ?? "").trim() === "" ? [{ pointer: "/title", reason: "missing" }] : []),
  ...NUMBERS.filter((name) => !/^[0-9]*$/.test((typed[name] ?? "").trim())).map((name) => ({
    pointer: `/${name}`, reason: "wholeOrEmpty",
  })),
];

/**
 * @param {string} pointer @param {ChangeEvent} [change] what the pointer points into, if it is the server's
 * @returns {string} the pointer under which the dialog has the field
 */
function fieldOf(pointer, change) {
  const price = change && /^\/prices\/(\d+)\//.exec(pointer);
  return price ? pricePointer(change.prices?.[Number(price[1])]?.category ?? "") : pointer;
}

/** @param {import("./draft-warnings.js").Warning[]} warnings @returns {Promise<boolean>} whether it is to be so */
const isMeant = async (warnings) =>
  warnings.length === 0 ||
  confirmed({
    title: t("org.profile.ask"),
    text: warnings.map(({ reason, values }) => t(`org.warning.${reason}`, values)),
    action: t("org.profile.saveSo"),
    keep: t("org.warning.back"),
  });
