import { el, setText, show } from "../lib/dom.js";
import { formatClock, t } from "../lib/i18n.js";
import { clock } from "./api.js";
import { heldEverywhere } from "./holds.js";
import { eventPath } from "./routes.js";

/** How long is left of the hold that ends first, on every page but that of its event. */
export class HeldBar {
  element = el("aside", { class: "held-bar", "aria-label": t("held.label"), hidden: true });
  #left = el("strong", { class: "number", role: "timer" });
  #shown = "";

  /** @param {string | undefined} here the event whose page is open */
  update(here) {
    const [first] = heldEverywhere(clock.now()).filter(({ event }) => event !== here);
    this.element.hidden = first === undefined;
    const key = first ? `${first.event} ${first.hold.hold}` : "";
    if (key !== this.#shown) {
      this.#shown = key;
      show(
        this.element,
        first && [
          el("p", null, t("held.text"), " ", this.#left),
          el("a", { class: "button primary", href: eventPath(first.event) }, t("held.pay")),
        ],
      );
    }
    if (!first) return;
    const seconds = (Date.parse(first.hold.expiresAt) - clock.now()) / 1000;
    setText(this.#left, formatClock(seconds));
    this.#left.classList.toggle("hurry", seconds < 60);
  }
}
