import { el, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { isEmail } from "../email.js";
import { linkOf } from "../mailed-code.js";
import { comeFrom, session, signIn } from "../session.js";
import { codeRefusal } from "./code-form.js";
import { actionButton, heading, notice } from "./parts.js";
import { signInForm } from "./sign-in.js";

/** @typedef {import("./parts.js").View} View */

/**
 * What the mail's link carries. It moves from the address into the page's state, where no screenshot shows it and a
 * change of language or a reload finds it again.
 */
function takeLink() {
  if (location.hash !== "") history.replaceState({ link: location.hash }, "", location.pathname);
  const link = linkOf(String(history.state?.link ?? ""));
  return link && isEmail(link.email) ? link : undefined;
}

/**
 * Where the link in the mail leads. It asks before it signs in: a link may come from anybody, and programs that look at
 * mails follow links.
 * @param {(path: string) => void} go
 * @returns {View}
 */
export function signInPage(go) {
  const link = takeLink();
  const body = el("section", { class: "card stack" });
  const done = () => history.replaceState(null, "", location.pathname);
  const signedIn = () => {
    done();
    go(comeFrom());
  };
  const known = session();
  if (link) {
    const take = async () => {
      try {
        await signIn(link.email, link.code);
      } catch (problem) {
        done();
        show(
          body,
          notice("warn", el("p", { role: "alert" }, codeRefusal(problem))),
          signInForm({ submit: t("signIn.page.submit"), signedIn, email: link.email }),
        );
        return;
      }
      signedIn();
    };
    const button = actionButton(t("signIn.page.as", { email: link.email }), take, "primary");
    show(body, el("p", null, t("signIn.page.text")), el("div", null, button));
  } else if (known) {
    show(
      body,
      el("p", null, known.email ? t("signIn.as", { email: known.email }) : t("signIn.page.isIn")),
      el("p", null, el("a", { href: "/" }, t("event.toList"))),
    );
  } else {
    show(body, signInForm({ submit: t("signIn.page.submit"), signedIn }));
  }
  return {
    title: t("signIn.page.title"),
    element: el("div", { class: "stack" }, heading(t("signIn.page.title")), body),
  };
}
