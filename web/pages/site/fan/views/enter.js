import { el, setText, show } from "../../lib/dom.js";
import { t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { DECLINES_MOST } from "../place.js";
import { countdown, refusal } from "../words.js";
import { aboutEvent } from "./about.js";
import { actionButton, notice, priceList, stepView } from "./parts.js";
import { signInForm } from "./sign-in.js";

/** @typedef {import("../../../../client/src/types.js").Event} Event */
/** @template Model @typedef {import("./parts.js").View<Model>} View */

/**
 * What joining takes.
 * @typedef {object} Entrance
 * @property {Pick<import("../session.js").KeptSession, "email"> | undefined} session whoever is signed in
 * @property {() => Promise<void>} enter joins; rejects with the problem to show the fan
 */

/**
 * @typedef {{ event: Event, opensAt: string, phase: import("../journey.js").Journey["phase"] } & Entrance}
 *   EnterModel
 */

/**
 * Where the fan joins: the lobby, the line, or the shop directly.
 * @param {EnterModel} model @returns {View<EnterModel>}
 */
export function enterView(model) {
  const { event } = model;
  const kind = !event.onsale.waitingRoom ? "shop" : model.phase === "lobby" ? "lobby" : "line";
  const opening = el("p", { class: "number" });
  const paused = el("div");
  return stepView(event, {
    title: t(`enter.${kind}.title`),
    isTheEvents: true,
    card: [
      opening,
      paused,
      el("p", null, t(`enter.${kind}.explain`)),
      entrance(model, t(`enter.${kind}.button`)),
    ],
    below: [aboutEvent(event), el("section", { class: "card" }, el("h2", null, t("prices.title")), priceList(event))],
    update: ({ phase, opensAt }) => {
      const left = (Date.parse(opensAt) - clock.now()) / 1000;
      setText(opening, phase === "lobby" ? t("lobby.opensIn", { clock: countdown(Math.max(0, left)) }) : "");
      if ((phase === "paused") !== (paused.firstChild !== null)) {
        show(paused, phase === "paused" && notice("warn", t("paused.explain")));
      }
    },
  });
}

/** @typedef {{ event: Event, isDeclinedTooOften: boolean } & Entrance} SpentModel */

/**
 * The pass has ended; the fan may join again.
 * @param {SpentModel} model @returns {View<SpentModel>}
 */
export function spentView(model) {
  const { waitingRoom } = model.event.onsale;
  const reason = model.isDeclinedTooOften ? "spent.declines" : "spent";
  return stepView(model.event, {
    title: t(`${reason}.title`),
    card: [
      el("p", null, t(`${reason}.${waitingRoom ? "explain" : "explainOpen"}`, { most: DECLINES_MOST })),
      entrance(model, t(waitingRoom ? "spent.button" : "spent.buttonOpen")),
      el("p", null, el("a", { href: "/orders" }, t("orders.title"))),
    ],
  });
}

/** @param {Entrance} model @param {string} label */
function entrance({ session, enter }, label) {
  const trouble = el("div", { role: "alert" });
  const working = el("p", { class: "soft", role: "status" });
  const tryToEnter = async () => {
    show(trouble);
    // Joining can take a second if the server asks for proof of work.
    const timer = setTimeout(() => setText(working, t("enter.working")), 700);
    try {
      await enter();
    } catch (error) {
      show(trouble, notice("bad", refusal(error)));
    } finally {
      clearTimeout(timer);
      setText(working, "");
    }
  };
  return el(
    "div",
    { class: "stack" },
    session
      ? [
          session.email ? el("p", { class: "soft" }, t("signIn.as", { email: session.email })) : null,
          el("div", { class: "row" }, actionButton(label, tryToEnter, "primary")),
        ]
      : signInForm({ submit: label, signedIn: tryToEnter }),
    working,
    trouble,
  );
}
