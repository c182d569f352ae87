import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/**
 * Asks once before something that can't be undone.
 * @param {object} question
 * @param {string} question.title
 * @param {HTMLElement[]} question.text
 * @param {string} question.stay the button that changes nothing, which has the focus
 * @param {string} question.confirm
 * @param {"danger" | "primary"} question.kind of the confirming button
 * @returns {Promise<boolean>}
 */
export function ask({ title, text, stay, confirm, kind }) {
  return new Promise((resolve) => {
    let isSure = false;
    const before = document.activeElement;
    const staying = el("button", { type: "button", onclick: () => dialog.close() }, stay);
    const dialog = el(
      "dialog",
      {
        class: "card door-dialog",
        "aria-labelledby": "ask-title",
        onclose: () => {
          dialog.remove();
          if (before instanceof HTMLElement && before.isConnected) before.focus();
          resolve(isSure);
        },
      },
      el("h2", { id: "ask-title" }, title),
      ...text,
      el(
        "div",
        { class: "row" },
        staying,
        el(
          "button",
          {
            class: kind,
            type: "button",
            onclick: (/** @type {MouseEvent} */ event) => {
              // The second of a double click was meant for the button below.
              if (event.detail > 1) return;
              isSure = true;
              dialog.close();
            },
          },
          confirm,
        ),
      ),
    );
    document.body.append(dialog);
    dialog.showModal();
    staying.focus();
  });
}

/** @param {{ waiting: number, conflicts: number }} left what signing out leaves behind @returns {Promise<boolean>} */
export const askToSignOut = ({ waiting, conflicts }) =>
  ask({
    title: t("door.signOut.title"),
    text: [
      ...(waiting > 0 ? [el("p", { class: "notice warn" }, t("door.signOut.waiting", { count: waiting }))] : []),
      ...(conflicts > 0 ? [el("p", { class: "notice warn" }, t("door.signOut.conflicts"))] : []),
      el("p", { class: "soft" }, t("door.signOut.plain")),
    ],
    stay: t("door.signOut.stay"),
    confirm: t("door.signOut.confirm"),
    kind: "danger",
  });
