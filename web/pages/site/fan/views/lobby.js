import { el, setText } from "../../lib/dom.js";
import { formatDate, t } from "../../lib/i18n.js";
import { clock } from "../api.js";
import { countdown } from "../words.js";
import { eventHead, heading } from "./parts.js";
import { soundSwitch } from "./sound-switch.js";

/**
 * @typedef {import("../event-page.js").EventPage} EventPage
 * @typedef {import("./parts.js").View} View
 */

/**
 * In the lobby: everyone here has the same chance.
 * @param {EventPage} page @returns {View}
 */
export function lobbyView(page) {
  const clockText = el("p", { class: "big-clock number", role: "timer" });
  const size = el("p", { class: "soft number" });
  const date = el("p", { class: "soft" });
  const commitment = el("code", { class: "hash" });
  return {
    element: el(
      "div",
      { class: "stack" },
      eventHead(page.event),
      el(
        "section",
        { class: "card centered" },
        heading(t("lobby.title")),
        el("p", { class: "soft" }, t("lobby.until")),
        clockText,
        date,
        el("p", { class: "notice good" }, t("lobby.kept")),
        size,
        soundSwitch(),
      ),
      el(
        "section",
        { class: "card" },
        el("h2", null, t("lobby.how")),
        el(
          "ol",
          null,
          el("li", null, t("lobby.how1")),
          el("li", null, t("lobby.how2")),
          el("li", null, t("lobby.how3")),
        ),
        el(
          "details",
          null,
          el("summary", null, t("lobby.commitment")),
          el("div", { class: "stack" }, el("p", { class: "small" }, t("lobby.commitmentExplain")), commitment),
        ),
      ),
    ),
    title: t("lobby.title"),
    update: () => {
      const left = (Date.parse(page.room.opensAt) - clock.now()) / 1000;
      setText(clockText, left > 0 ? countdown(left) : t("before.now"));
      setText(date, formatDate(page.room.opensAt));
      const index = page.place?.lobbyIndex;
      const count = Math.max(page.room.lobbySize ?? 0, index === undefined ? 0 : index + 1);
      setText(size, t("lobby.size", { count, index: (index ?? 0) + 1 }));
      setText(commitment, page.room.drawCommitment ?? "–");
    },
  };
}
