import { announce } from "../lib/announce.js";
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
  /** @type {import("../../../client/src/types.js").Hold | undefined} the hold whose time is shown */
  #hold;

  /** @param {string | undefined} here the event whose page is open */
  update(here) {
    const [first] = heldEverywhere(clock.now()).filter(({ event }) => event !== here);
    if (!first && this.#hold && Date.parse(this.#hold.expiresAt) <= clock.now()) return this.#sayEnded();
    this.#hold = first?.hold;
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

  /** Stays until the fan goes on. */
  #sayEnded() {
    if (this.#shown === "ended") return;
    this.#shown = "ended";
    announce(t("shop.holdExpired"), { isUrgent: true });
    const close = () => {
      this.#hold = undefined;
      this.element.hidden = true;
    };
    show(
      this.element,
      el("p", null, t("shop.holdExpired")),
      el("button", { type: "button", onclick: close }, t("notice.close")),
    );
  }
}
