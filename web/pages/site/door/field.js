import { el } from "../lib/dom.js";

/**
 * A labelled input or select with its hint and error, linked for screen readers.
 *
 * @template {HTMLInputElement | HTMLSelectElement} Control
 * @param {Control} control with an id @param {string} label @param {string} [hint]
 */
export function field(control, label, hint) {
  const error = el("p", { class: "field-error", id: `${control.id}-error`, hidden: true });
  const explained = hint === undefined ? null : el("p", { class: "soft small", id: `${control.id}-hint` }, hint);
  const describe = () => {
    const ids = [explained?.id, error.hidden ? undefined : error.id].filter(Boolean);
    if (ids.length > 0) control.setAttribute("aria-describedby", ids.join(" "));
    else control.removeAttribute("aria-describedby");
  };
  describe();
  return {
    element: el("div", { class: "field" }, el("label", { for: control.id }, label), control, explained, error),
    /** @param {string} text what is wrong; empty clears it */
    complain(text) {
      error.textContent = text;
      error.hidden = text === "";
      if (text === "") control.removeAttribute("aria-invalid");
      else control.setAttribute("aria-invalid", "true");
      describe();
      if (text !== "") control.focus();
    },
  };
}
