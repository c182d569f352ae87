import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { openDialog } from "./dialog.js";
import { Outcome, uniqueID, workButton } from "./parts.js";

/**
 * Shows an endpoint's secret, which the server doesn't tell again.
 * @param {string} secret
 */
export function showSecret(secret) {
  const id = uniqueID("secret");
  const outcome = new Outcome();
  const field = el("input", { id, readonly: true, value: secret, class: "org-secret", spellcheck: "false" });
  const dialog = openDialog({
    title: t("org.hooks.secret"),
    isFirm: true,
    content: [
      el("p", null, t("org.hooks.secretText")),
      el("div", { class: "field" }, el("label", { for: id }, t("org.hooks.secretLabel")), field),
      outcome.element,
      el(
        "div",
        { class: "row org-dialog-buttons" },
        workButton(t("org.hooks.copy"), async () => {
          try {
            await navigator.clipboard.writeText(secret);
            outcome.say("good", t("org.hooks.copied"));
          } catch {
            field.select();
            outcome.say("warn", t("org.hooks.copyByHand"));
          }
        }),
        el("button", { type: "button", class: "primary", onclick: () => dialog.close() }, t("org.hooks.secretKept")),
      ),
    ],
  });
}
