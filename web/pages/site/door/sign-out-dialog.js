import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/**
 * Asks for confirmation and says what will be forgotten.
 * @param {{ waiting: number, conflicts: number, confirmed: () => void }} parts
 */
export function askToSignOut({ waiting, conflicts, confirmed }) {
  const stay = el("button", { type: "button", onclick: () => dialog.close() }, t("door.signOut.stay"));
  const dialog = el(
    "dialog",
    { class: "card door-dialog", "aria-labelledby": "sign-out-title", onclose: () => dialog.remove() },
    el("h2", { id: "sign-out-title" }, t("door.signOut.title")),
    waiting > 0 && el("p", { class: "notice warn" }, t("door.signOut.waiting", { count: waiting })),
    conflicts > 0 && el("p", { class: "notice warn" }, t("door.signOut.conflicts")),
    el("p", { class: "soft" }, t("door.signOut.plain")),
    el(
      "div",
      { class: "row" },
      stay,
      el(
        "button",
        {
          class: "danger",
          type: "button",
          onclick: () => {
            dialog.close();
            confirmed();
          },
        },
        t("door.signOut.confirm"),
      ),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
  stay.focus();
}
