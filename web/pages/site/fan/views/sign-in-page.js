import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { isEmail } from "../email.js";
import { linkOf } from "../mailed-code.js";
import { comeFrom, signIn } from "../session.js";
import { codeRefusal } from "./code-form.js";
import { heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";

/** @typedef {import("./parts.js").View} View */

/**
 * Where the link in the mail leads. It asks before it signs in: a link may come from anybody, and programs that look at
 * mails follow links.
 * @param {(path: string) => void} go
 * @returns {View}
 */
export function signInPage(go) {
  const link = linkOf(location.hash);
  // The code is in no history and no screenshot of the address.
  if (location.hash !== "") history.replaceState(history.state, "", location.pathname);
  const body = el("section", { class: "card stack" });
  const signedIn = () => go(comeFrom());
  const ask = (/** @type {string} */ text) =>
    show(
      body,
      text === "" ? null : notice("warn", el("p", { role: "alert" }, text)),
      signInForm({ submit: t("signIn.page.submit"), signedIn }),
    );
  if (link && isEmail(link.email)) {
    let isWorking = false;
    const button = el(
      "button",
      {
        type: "button",
        class: "primary",
        onclick: async () => {
          if (isWorking) return;
          isWorking = true;
          button.setAttribute("aria-disabled", "true");
          try {
            await signIn(link.email, link.code);
          } catch (problem) {
            return ask(codeRefusal(problem));
          }
          signedIn();
        },
      },
      t("signIn.page.as", { email: link.email }),
    );
    show(body, el("p", null, t("signIn.page.text")), el("div", null, button));
  } else ask("");
  return {
    title: t("signIn.page.title"),
    element: el("div", { class: "stack" }, heading(t("signIn.page.title")), body),
  };
}
