import { el } from "../../lib/dom.js";

/**
 * Asks before something that can't be undone.
 * @param {object} question
 * @param {string} question.title
 * @param {string[]} question.text what will happen, a paragraph each
 * @param {string} question.keep the label of the way back, which has the focus
 * @param {string} question.confirm
 * @returns {Promise<boolean>}
 */
export function askDialog({ title, text, keep, confirm }) {
  return new Promise((resolve) => {
    const dialog = el(
      "dialog",
      { "aria-labelledby": "ask-title" },
      el(
        "div",
        { class: "stack" },
        el("h2", { id: "ask-title" }, title),
        text.map((paragraph) => el("p", null, paragraph)),
        el(
          "div",
          { class: "row" },
          el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, keep),
          el("button", { type: "button", class: "danger", onclick: () => dialog.close("yes") }, confirm),
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
