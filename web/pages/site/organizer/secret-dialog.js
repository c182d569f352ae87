import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { Outcome, uniqueID, workButton } from "./parts.js";

/**
 * Shows something that the server doesn't tell again.
 * @param {object} parts
 * @param {string} parts.title
 * @param {string} parts.text what it is for
 * @param {string} parts.label
 * @param {string} parts.secret
 */
export function showSecret({ title, text, label, secret }) {
  const id = uniqueID("secret");
  const outcome = new Outcome();
  const field = el("input", { id, readonly: true, value: secret, class: "org-secret", spellcheck: "false" });
  const dialog = openDialog({
    title,
    isFirm: true,
    content: [
      el("p", null, text),
      el("div", { class: "field" }, el("label", { for: id }, label), field),
      outcome.element,
      el(
        "div",
        { class: "row dialog-buttons" },
        workButton(t("org.secret.copy"), async () => {
          try {
            await navigator.clipboard.writeText(secret);
            outcome.say("good", t("org.secret.copied"));
          } catch {
            field.select();
            outcome.say("warn", t("org.secret.copyByHand"));
          }
        }),
        el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("org.secret.kept")),
      ),
    ],
  });
}
