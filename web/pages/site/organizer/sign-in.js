import { Problem } from "../../../client/src/index.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { Outcome, uniqueID } from "./parts.js";
import { openDialog } from "./dialog.js";
import { problemWords } from "./problem-words.js";

/** @typedef {import("./desk.js").Desk} Desk */

/**
 * @param {Desk} desk @param {{ name: string, done: () => void }} options `name`: the name given earlier, or empty
 */
function signInForm(desk, options) {
  const ids = {
    name: uniqueID("name"),
    token: uniqueID("token"),
    nameHint: uniqueID("hint"),
    tokenHint: uniqueID("hint"),
  };
  const name = el("input", {
    id: ids.name, name: "name", autocomplete: "name", required: true, maxlength: 80, value: options.name,
    "aria-describedby": ids.nameHint,
  });
  const token = el("input", {
    id: ids.token, name: "token", type: "password", autocomplete: "current-password", required: true, "aria-describedby": ids.tokenHint,
    // When asked again, the name is already filled in.
    autofocus: options.name !== "",
  });
  const outcome = new Outcome();
  let isBusy = false;
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    if (isBusy || name.value.trim() === "" || token.value.trim() === "") return;
    isBusy = true;
    outcome.say("busy", t("org.signIn.checking"));
    try {
      await desk.signIn(token.value.trim(), name.value.trim());
      options.done();
    } catch (error) {
      const slug = error instanceof Problem ? error.slug : "";
      outcome.say(
        "bad",
        slug === "unauthenticated" || slug === "forbidden" ? t(`org.signIn.${slug}`) : problemWords(error),
      );
      token.setAttribute("aria-invalid", String(slug === "unauthenticated" || slug === "forbidden"));
      token.focus();
    } finally {
      isBusy = false;
    }
  };
  return el(
    "form",
    { class: "stack", onsubmit: submit },
    el(
      "div",
      { class: "field" },
      el("label", { for: ids.name }, t("org.signIn.name")),
      name,
      el("p", { class: "soft small", id: ids.nameHint }, t("org.signIn.nameHint")),
    ),
    el(
      "div",
      { class: "field" },
      el("label", { for: ids.token }, t("org.signIn.token")),
      token,
      el("p", { class: "soft small", id: ids.tokenHint }, t("org.signIn.tokenHint")),
    ),
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
        signInForm(desk, { name: desk.session?.name ?? "", done: () => dialog.close() }),
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
