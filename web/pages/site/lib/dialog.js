import { el } from "./dom.js";

let count = 0;

/**
 * Opens a modal dialog. When it closes, the focus returns to where it was.
 * @param {object} parts
 * @param {string} parts.title
 * @param {(import("./dom.js").Child | import("./dom.js").Child[])[]} parts.content
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
    { class: ["dialog", parts.kind], "aria-labelledby": id },
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
 * Asks before an action with consequences.
 * @param {object} question
 * @param {string} question.title
 * @param {(string | HTMLElement)[]} question.text what will happen, one paragraph each
 * @param {string} question.keep the label of the way back, which has the focus
 * @param {string} question.action the label of the confirming button
 * @param {boolean} [question.isDanger]
 * @returns {Promise<boolean>}
 */
export function confirmed({ title, text, keep, action, isDanger = false }) {
  return new Promise((resolve) => {
    let answer = false;
    const dialog = openDialog({
      title,
      content: [
        ...text.map((paragraph) => (typeof paragraph === "string" ? el("p", null, paragraph) : paragraph)),
        el(
          "div",
          { class: "row dialog-buttons" },
          el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, keep),
          el(
            "button",
            {
              type: "button",
              class: isDanger ? "danger" : "primary",
              onclick: (/** @type {MouseEvent} */ event) => {
                // The second of a double click was meant for the button below.
                if (event.detail > 1) return;
                answer = true;
                dialog.close();
              },
            },
            action,
          ),
        ),
      ],
      onClose: () => resolve(answer),
    });
  });
}
