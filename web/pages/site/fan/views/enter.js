import { el, setText, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { DECLINES_MOST } from "../place.js";
import { session } from "../session.js";
import { countdown, refusal } from "../words.js";
import { actionButton, eventHead, heading, notice, priceList } from "./parts.js";
import { signInForm } from "./sign-in.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

/**
 * Where one joins: the lobby, the line, or at once the seats.
 * @param {EventPage} page @returns {View}
 */
export function enterView(page) {
  const { waitingRoom } = page.event.onsale;
  const kind = !waitingRoom ? "shop" : page.journey.phase === "lobby" ? "lobby" : "line";
  const opening = el("p", { class: "number" });
  const paused = el("div");
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card" },
        heading(t(`enter.${kind}.title`)),
        opening,
        paused,
        el("p", null, t(`enter.${kind}.explain`)),
        entrance(page, t(`enter.${kind}.button`)),
      ),
      el("section", { class: "card" }, el("h2", null, t("prices.title")), priceList(page.event)),
    ),
    title: t(`enter.${kind}.title`),
    update: () => {
      const left = (Date.parse(page.room.opensAt) - clock.now()) / 1000;
      const isLobby = page.journey.phase === "lobby";
      setText(opening, isLobby ? t("lobby.opensIn", { clock: countdown(Math.max(0, left)) }) : "");
      if ((page.journey.phase === "paused") !== (paused.firstChild !== null)) {
        show(paused, page.journey.phase === "paused" && notice("warn", t("paused.explain")));
      }
    },
  };
}

/**
 * The pass has ended: one may line up again.
 * @param {EventPage} page @returns {View}
 */
export function spentView(page) {
  const { waitingRoom } = page.event.onsale;
  const reason = page.isDeclinedTooOften ? "spent.declines" : "spent";
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card" },
        heading(t(`${reason}.title`)),
        el("p", null, t(`${reason}.${waitingRoom ? "explain" : "explainOpen"}`, { most: DECLINES_MOST })),
        entrance(page, t(waitingRoom ? "spent.button" : "spent.buttonOpen")),
        el("p", null, el("a", { href: "/orders" }, t("orders.title"))),
      ),
    ),
    title: t(`${reason}.title`),
  };
}

/** @param {EventPage} page @param {string} label */
function entrance(page, label) {
  const trouble = el("div", { role: "alert" });
  const working = el("p", { class: "soft", role: "status" });
  const enter = async () => {
    show(trouble);
    // A join may take a second of reckoning, where the server asks for it.
    const timer = setTimeout(() => setText(working, t("enter.working")), 700);
    try {
      await page.enter();
    } catch (error) {
      show(trouble, notice("bad", refusal(error)));
      if (!session()) page.update();
    } finally {
      clearTimeout(timer);
      setText(working, "");
    }
  };
  const known = session();
  return el(
    "div",
    { class: "stack" },
    known
      ? [
          known.email ? el("p", { class: "soft" }, t("signIn.as", { email: known.email })) : null,
          el("div", { class: "row" }, actionButton(label, enter, "primary")),
        ]
      : signInForm({ submit: label, signedIn: enter }),
    working,
    trouble,
  );
}
