import { Problem } from "../../../client/src/index.js";
import { el, setText } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { fieldFor, fromServer, reasonWords } from "./fault-words.js";
import { Outcome, section, uniqueID } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { field } from "./time-field.js";
import { EVERYTHING, TYPES, typeMeaning, typeWords } from "./webhook-words.js";

/** @typedef {import("../../../client/src/types.js").NewWebhookEndpoint} NewWebhookEndpoint */

/**
 * What adding an endpoint takes.
 * @typedef {object} FormModel
 * @property {(endpoint: { url: string, types: string[] }) => Promise<NewWebhookEndpoint>} create
 * @property {(endpoint: NewWebhookEndpoint) => Promise<void>} created
 */

/** @param {HTMLInputElement} box @param {...(import("../lib/dom.js").Child)} label */
function check(box, ...label) {
  box.id = uniqueID("type");
  return el("div", { class: "org-check" }, box, el("label", { for: box.id }, ...label));
}

/** The choice of what an endpoint is told: everything, later types too, or some of the types there are. */
class TypeChoice {
  #everything = el("input", { type: "checkbox", checked: true, onchange: () => this.#showTypes() });
  #boxes = TYPES.map((type) => el("input", { type: "checkbox", value: type }));
  #list = el(
    "div",
    { class: "org-hook-types", hidden: true },
    TYPES.map((type, index) => {
      const box = /** @type {HTMLInputElement} */ (this.#boxes[index]);
      return check(box, typeMeaning(type), " ", el("code", { class: "soft small" }, typeWords(type)));
    }),
  );
  #error = el("p", { class: "field-error", id: uniqueID("error"), hidden: true });
  element = el(
    "fieldset",
    { class: "org-fieldset", "aria-describedby": this.#error.id },
    el("legend", null, t("org.hooks.types")),
    check(this.#everything, t("org.hooks.everythingLater")),
    this.#list,
    this.#error,
  );

  #showTypes() {
    this.#list.hidden = this.#everything.checked;
    this.fail(undefined);
  }

  /** @returns {string[]} */
  get types() {
    return this.#everything.checked
      ? [EVERYTHING]
      : this.#boxes.filter((box) => box.checked).map((box) => box.value);
  }

  /** @param {string | undefined} text */
  fail(text) {
    this.#error.hidden = text === undefined;
    setText(this.#error, text ?? "");
  }

  focus() {
    (this.#list.hidden ? this.#everything : this.#boxes[0])?.focus();
  }
}

/**
 * The form that adds an endpoint.
 * @param {FormModel} model
 */
export function webhookForm({ create, created }) {
  const outcome = new Outcome();
  const types = new TypeChoice();
  const url = field({
    label: t("org.hooks.url"),
    hint: t("org.hooks.urlHint"),
    attributes: {
      type: "url", name: "url", required: true, maxlength: 2048, autocomplete: "off", spellcheck: "false",
      placeholder: "https://",
    },
  });
  let isBusy = false;

  /** @param {string | undefined} urlFault @param {string | undefined} [typesFault] */
  const fail = (urlFault, typesFault) => {
    url.fail(urlFault);
    types.fail(typesFault);
    outcome.clear();
    if (urlFault !== undefined) url.input.focus();
    else if (typesFault !== undefined) types.focus();
  };

  /** @param {unknown} error */
  const refuse = (error) => {
    const fault = error instanceof Problem ? error.body.errors?.[0] : undefined;
    const place = fault && fieldFor(fault.pointer, new Set(["/url", "/types"]));
    if (!fault || place === undefined) return outcome.say("bad", problemWords(error));
    const words = reasonWords(fromServer(fault), {});
    fail(place === "/url" ? words : undefined, place === "/types" ? words : undefined);
  };

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy) return;
    const wanted = { url: url.input.value.trim(), types: types.types };
    if (wanted.url === "") return fail(t("org.hooks.noURL"));
    if (wanted.types.length === 0) return fail(undefined, t("org.hooks.noTypes"));
    fail(undefined);
    isBusy = true;
    outcome.say("busy", t("org.working"));
    try {
      const endpoint = await create(wanted);
      url.input.value = "";
      outcome.clear();
      await created(endpoint);
    } catch (error) {
      refuse(error);
    } finally {
      isBusy = false;
    }
  };

  return section(
    t("org.hooks.add"),
    el(
      "form",
      { class: "stack", novalidate: true, onsubmit: submit },
      url.element,
      types.element,
      outcome.element,
      el("div", null, el("button", { type: "submit", class: "primary" }, t("org.hooks.addSubmit"))),
    ),
  );
}
