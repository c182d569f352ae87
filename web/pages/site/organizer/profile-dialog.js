import { Problem } from "../../../client/src/index.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { fromServer, reasonWords } from "./fault-words.js";
import { Outcome, uniqueID } from "./parts.js";
import { problemWords } from "./problem-words.js";

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
 * Edits what an event tells about itself.
 * @param {Event} event
 * @param {(change: ChangeEvent) => Promise<Event>} save
 */
export function profileDialog(event, save) {
  const outcome = new Outcome();
  /** @type {Map<string, { input: HTMLInputElement | HTMLTextAreaElement, error: HTMLElement }>} */
  const fields = new Map();
  const fieldOf = (/** @type {typeof TEXTS[number] | typeof NUMBERS[number]} */ name) => {
    const id = uniqueID("profile");
    const value = String(event[name] ?? "");
    const isNumber = name === "ageLimit" || name === "runningMinutes";
    const described = { id, name, "aria-describedby": `${id}-error` };
    const input = LONG.has(name)
      ? el("textarea", { ...described, rows: "5" }, value)
      : el("input", { ...described, type: name === "posterURL" ? "url" : "text", ...(isNumber && { inputmode: "numeric" }), value });
    const error = el("p", { class: "field-error", id: `${id}-error`, hidden: true });
    fields.set(name, { input, error });
    return el("div", { class: "field" }, el("label", { for: id }, t(`org.member.${name}`)), input, error);
  };
  const fail = (/** @type {string} */ name, /** @type {string} */ text) => {
    const known = fields.get(name);
    if (!known) return;
    known.error.hidden = text === "";
    known.error.textContent = text;
    if (text === "") known.input.removeAttribute("aria-invalid");
    else known.input.setAttribute("aria-invalid", "true");
  };
  let isSaving = false;
  const submit = async () => {
    if (isSaving) return;
    for (const name of fields.keys()) fail(name, "");
    const typed = Object.fromEntries([...fields].map(([name, { input }]) => [name, input.value]));
    const wrong = NUMBERS.filter((name) => !/^[0-9]*$/.test((typed[name] ?? "").trim()));
    const isUntitled = (typed["title"] ?? "").trim() === "";
    if (isUntitled) fail("title", t("org.fault.missing"));
    for (const name of wrong) fail(name, t("org.profile.number"));
    const first = isUntitled ? "title" : wrong[0];
    if (first !== undefined) return fields.get(first)?.input.focus();
    const change = changeFrom(event, typed);
    if (Object.keys(change).length === 0) return dialog.close();
    isSaving = true;
    outcome.say("busy", t("org.working"));
    try {
      await save(change);
      dialog.close();
    } catch (error) {
      const faults = (error instanceof Problem ? error.body.errors ?? [] : []).map(fromServer);
      const named = faults.filter(({ pointer }) => fields.has(pointer.slice(1)));
      for (const fault of named) fail(fault.pointer.slice(1), reasonWords(fault, change));
      fields.get(named[0]?.pointer.slice(1) ?? "")?.input.focus();
      if (named.length > 0) outcome.clear();
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
        [...TEXTS, ...NUMBERS].map(fieldOf),
        outcome.element,
        el(
          "div",
          { class: "row org-dialog-buttons" },
          el("button", { type: "button", onclick: () => dialog.close() }, t("org.dialog.no")),
          el("button", { type: "submit", class: "primary" }, t("org.profile.save")),
        ),
      ),
    ],
  });
}
