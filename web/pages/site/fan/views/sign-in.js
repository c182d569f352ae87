import { Problem } from "../../../../client/src/index.js";
import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { isEmail } from "../email.js";
import { askedCode, forgetCode, signIn, takeSession } from "../session.js";
import { askRefusal, codeForm, isEnough } from "./code-form.js";
import { notice } from "./parts.js";

/**
 * The sign-in form; where codes are mailed, of two steps.
 * @param {object} options
 * @param {string} options.submit the label of its button
 * @param {() => unknown} options.signedIn what to do then
 * @param {string} [options.email] an address to begin with
 * @returns {HTMLElement}
 */
export function signInForm(options) {
  const input = el("input", {
    id: "email", type: "email", name: "email", autocomplete: "email", inputmode: "email", required: true,
    value: options.email ?? "", "aria-describedby": "email-hint email-error",
  });
  const error = el("p", { id: "email-error", class: "field-error", role: "alert" });
  const elsewhere = el("div", { class: "stack" });
  const button = el("button", { class: "primary", type: "submit" }, options.submit);
  let isWorking = false;

  /** @param {string} text */
  const refuse = (text) => {
    error.textContent = text;
    if (text === "") return input.removeAttribute("aria-invalid");
    input.setAttribute("aria-invalid", "true");
    input.focus();
  };

  /** @param {SubmitEvent} event */
  const submit = async (event) => {
    event.preventDefault();
    if (isWorking) return;
    const email = input.value.trim();
    if (!isEmail(email)) return refuse(t(email === "" ? "signIn.missing" : "signIn.invalid"));
    refuse("");
    isWorking = true;
    button.setAttribute("aria-disabled", "true");
    try {
      if (await signIn(email)) await options.signedIn();
      else showCode(email)?.focus();
    } catch (problem) {
      if (problem instanceof Problem && problem.status === 403) show(elsewhere, elsewhereForm(options.signedIn));
      else if (problem instanceof Problem && problem.slug === "invalid-request") refuse(t("signIn.invalid"));
      else {
        refuse(askRefusal(problem));
        if (isEnough(problem)) show(elsewhere, haveCode(email));
      }
    } finally {
      isWorking = false;
      button.removeAttribute("aria-disabled");
    }
  };

  const form = el(
    "form",
    { class: "stack narrow", novalidate: true, onsubmit: submit },
    el(
      "div",
      { class: "field" },
      el("label", { for: "email" }, t("signIn.email")),
      input,
      el("p", { id: "email-hint", class: "soft small" }, t("signIn.hint")),
      error,
    ),
    button,
  );
  const place = el("div", { class: "stack" }, form, elsewhere);

  /** @param {string} email where the code went @returns {HTMLInputElement | null} the code's input */
  const showCode = (email) => {
    const change = () => {
      forgetCode();
      input.value = email;
      show(elsewhere);
      show(place, form, elsewhere);
      input.focus();
    };
    const asking = codeForm({ email, signedIn: options.signedIn, change });
    show(place, asking);
    return asking.querySelector("input");
  };
  /** @param {string} email */
  const haveCode = (email) =>
    el("div", null, el("button", { type: "button", onclick: () => showCode(email)?.focus() }, t("signIn.code.have")));

  const asked = options.email === undefined ? askedCode() : undefined;
  if (asked) showCode(asked.email);
  return place;
}

/** @param {() => unknown} signedIn */
function elsewhereForm(signedIn) {
  const input = el("textarea", { id: "session", rows: "3", autocomplete: "off", spellcheck: "false" });
  const error = el("p", { class: "field-error", role: "alert" });
  return el(
    "div",
    { class: "stack" },
    notice("warn", el("p", { role: "alert" }, t("signIn.elsewhere"))),
    el(
      "form",
      {
        class: "stack narrow",
        novalidate: true,
        onsubmit: (/** @type {SubmitEvent} */ event) => {
          event.preventDefault();
          if (takeSession(input.value)) signedIn();
          else error.textContent = t("signIn.noToken");
        },
      },
      el("div", { class: "field" }, el("label", { for: "session" }, t("signIn.token")), input, error),
      el("button", { type: "submit" }, t("signIn.useToken")),
    ),
  );
}
