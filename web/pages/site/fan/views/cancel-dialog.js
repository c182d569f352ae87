import { el } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";

/**
 * Asks the fan to confirm a cancellation.
 * @param {string} amount the refund
 * @returns {Promise<boolean>}
 */
export function cancelDialog(amount) {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog",
      { "aria-labelledby": "cancel-title" },
      el(
        "div",
        { class: "stack" },
        el("h2", { id: "cancel-title" }, t("cancel.title")),
        el("p", null, t("cancel.explain", { amount })),
        el(
          "div",
          { class: "row" },
          el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, t("cancel.keep")),
          el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, t("cancel.confirm")),
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      resolve(dialog.returnValue === "yes");
    });
    document.body.append(dialog);
    dialog.showModal();
  });
}
