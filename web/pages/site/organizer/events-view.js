import { el, show } from "../lib/dom.js";
import { formatNumber, t } from "../lib/i18n.js";
import { phaseBadge, venueDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { eventPath } from "./routes.js";

/** @typedef {import("../../../client/src/types.js").EventSummary} EventSummary */

/** @param {EventSummary} event */
function eventCard(event) {
  const { onsale } = event;
  return el(
    "li",
    { class: "card org-event" },
    el(
      "div",
      { class: "row spread" },
      el("h2", null, el("a", { href: eventPath(event.id) }, event.title)),
      event.state === "draft" ? el("span", { class: "badge warn" }, t("org.draft")) : phaseBadge(onsale.phase),
    ),
    el(
      "dl",
      { class: "org-facts" },
      event.venue !== "" && [el("dt", null, t("org.event.venue")), el("dd", null, event.venue)],
      el("dt", null, t("org.event.startsAt")),
      el("dd", null, venueDate(event.startsAt, event)),
      el("dt", null, t("org.event.opensAt")),
      el("dd", null, venueDate(onsale.opensAt, event)),
      el("dt", null, t("org.event.line")),
      el(
        "dd",
        null,
        onsale.waitingRoom ? t(
          "org.event.cap",
          { cap: formatNumber(onsale.maxActiveShoppers) },
        ) : t("org.event.noLine"),
      ),
    ),
  );
}

/**
 * All events, earliest first.
 * @param {import("./desk.js").Desk} desk
 * @returns {import("./parts.js").View}
 */
export function eventsView(desk) {
  const list = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  const load = async () => {
    try {
      const events = await desk.client.listEvents();
      events.sort((a, b) => a.startsAt.localeCompare(b.startsAt));
      show(
        list,
        events.length === 0
          ? el("p", { class: "card soft" }, t("org.events.none"))
          : el("ul", { class: "org-events" }, events.map(eventCard)),
      );
    } catch (error) {
      show(
        list,
        el("p", { class: "notice bad", role: "alert" }, problemWords(error)),
        workButton(t("org.retry"), load),
      );
    }
    list.removeAttribute("aria-busy");
  };
  void load();
  return {
    title: t("org.events.title"),
    element: el(
      "div",
      { class: "stack" },
      el(
        "div",
        { class: "row spread" },
        el("h1", { tabindex: "-1" }, t("org.events.title")),
        desk.may("owner")
          ? el("a", { class: "button primary", href: "/organizer/new" }, t("org.events.new"))
          : el("p", { class: "soft small" }, t("org.events.owners")),
      ),
      list,
    ),
  };
}
