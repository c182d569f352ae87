import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

let count = 0;

/**
 * Opens a modal dialog. When it closes, the focus returns to where it was.
 * @param {object} parts
 * @param {string} parts.title
 * @param {(import("../lib/dom.js").Child | import("../lib/dom.js").Child[])[]} parts.content
 * @param {() => void} [parts.onClose]
 * @param {boolean} [parts.isFirm] whether Escape does not close it
 * @param {string} [parts.kind] a class for its width
 * @returns {HTMLDialogElement} already shown
 */
export function openDialog(parts) {
  const id = `dialog-${(count += 1)}`;
  const before = document.activeElement;
  const dialog = el(
    "dialog",
    { class: ["org-dialog", parts.kind], "aria-labelledby": id },
    el("h2", { id }, parts.title),
    ...parts.content,
  );
  dialog.addEventListener("cancel", (event) => {
    if (parts.isFirm) event.preventDefault();
  });
  dialog.addEventListener("close", () => {
    dialog.remove();
    if (before instanceof HTMLElement && before.isConnected) before.focus();
    parts.onClose?.();
  });
  document.body.append(dialog);
  dialog.showModal();
  return dialog;
}

/**
 * Asks for confirmation before an action with consequences.
 * @param {object} question
 * @param {string} question.title
 * @param {string[]} question.text what will happen, one paragraph each
 * @param {string} question.action the label of the confirming button
 * @param {string} [question.keep] the label of the other one
 * @param {boolean} [question.isDanger]
 * @returns {Promise<boolean>}
 */
export function confirmed(question) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = openDialog({
      title: question.title,
      content: [
        ...question.text.map((text) => el("p", null, text)),
        el(
          "div",
          { class: "row org-dialog-buttons" },
          el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, question.keep ?? t("org.dialog.no")),
          el(
            "button",
            {
              type: "button",
              class: question.isDanger ? "danger" : "primary",
              onclick: () => {
                answer = true;
                dialog.close();
              },
            },
            question.action,
          ),
        ),
      ],
      onClose: () => resolve(answer),
    });
  });
}
