import { Problem } from "../../../client/src/index.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { NameNeeded } from "./desk.js";
import { openDialog } from "./dialog.js";
import { Outcome } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { field } from "./time-field.js";

/** @typedef {import("./desk.js").Desk} Desk */

/**
 * @param {Desk} desk @param {{ name: string, done: () => void }} options `name`: the name given earlier, or empty
 */
function signInForm(desk, options) {
  const name = field({
    label: t("org.signIn.name"),
    hint: t("org.signIn.nameHint"),
    attributes: { name: "name", autocomplete: "name", maxlength: 80, value: options.name },
  });
  const token = field({
    label: t("org.signIn.token"),
    hint: t("org.signIn.tokenHint"),
    attributes: { name: "token", type: "password", autocomplete: "current-password", required: true, autofocus: true },
  });
  // Only the shared token needs a name; an account has its own.
  name.element.hidden = options.name === "";
  const outcome = new Outcome();
  let isBusy = false;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy || token.input.value.trim() === "") return;
    isBusy = true;
    token.fail(undefined);
    outcome.say("busy", t("org.signIn.checking"));
    try {
      await desk.signIn(token.input.value.trim(), name.input.value.trim());
      options.done();
    } catch (error) {
      if (error instanceof NameNeeded) {
        outcome.say("warn", t("org.signIn.shared"));
        name.element.hidden = false;
        name.input.focus();
        return;
      }
      const slug = error instanceof Problem ? error.slug : "";
      const isRefused = slug === "unauthenticated" || slug === "forbidden";
      outcome.say("bad", isRefused ? t(`org.signIn.${slug}`) : problemWords(error));
      token.input.setAttribute("aria-invalid", String(isRefused));
      token.input.focus();
    } finally {
      isBusy = false;
    }
  };
  return el(
    "form",
    { class: "stack", novalidate: true, onsubmit: submit },
    token.element,
    name.element,
    outcome.element,
    el("button", { class: "primary", type: "submit" }, t("org.signIn.submit")),
  );
}

/**
 * @param {Desk} desk @param {() => void} done
 * @returns {import("./parts.js").View}
 */
export function signInView(desk, done) {
  return {
    title: t("org.signIn.title"),
    element: el(
      "section",
      { class: "card org-narrow" },
      el("h1", { tabindex: "-1" }, t("org.signIn.title")),
      el("p", { class: "soft" }, t("org.signIn.lead")),
      signInForm(desk, { name: "", done }),
    ),
  };
}

/**
 * Asks for the token again in a dialog over the page.
 * @param {Desk} desk
 * @returns {Promise<void>} resolves once signed in again or out
 */
export function signInAgain(desk) {
  return new Promise((resolve) => {
    const dialog = openDialog({
      title: t("org.signIn.again"),
      isFirm: true,
      content: [
        el("p", null, t("org.signIn.againText")),
        signInForm(desk, { name: desk.session?.account === null ? desk.session.name : "", done: () => dialog.close() }),
        el(
          "button",
          {
            type: "button",
            class: "plain",
            onclick: () => {
              desk.signOut();
              dialog.close();
            },
          },
          t("org.signOut"),
        ),
      ],
      onClose: () => resolve(),
    });
  });
}
