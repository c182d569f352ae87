import { el } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { isSoundOn, setSound } from "../sound.js";

/** Turns the chime on or off that plays when the fan is called. */
export function soundSwitch() {
  const input = el("input", {
    type: "checkbox",
    id: "sound",
    onchange: () => setSound(input.checked),
  });
  input.checked = isSoundOn();
  return el("p", { class: "choice" }, input, el("label", { for: "sound" }, t("sound.label")));
}
