import { el, setText, show } from "../lib/dom.js";
import { announce } from "../lib/announce.js";
import { t } from "../lib/i18n.js";
import { phaseBadge, shortDate } from "./parts.js";
import { problemWords } from "./problem-words.js";
import { TABS, eventPath } from "./routes.js";

/**
 * @typedef {import("./live-event.js").LiveEvent} LiveEvent
 * @typedef {import("./routes.js").Tab} Tab
 * @typedef {import("./parts.js").View} View
 */

/**
 * An event's page: its name and state, whether it is live, the tabs, and the current tab's content.
 *
 * @param {LiveEvent} live @param {Tab} tab
 * @param {(signal: AbortSignal) => HTMLElement} build makes the tab's content; the signal aborts when the tab is left
 * @returns {View}
 */
export function eventPage(live, tab, build) {
  const leaving = new AbortController();
  const heading = el("h1", { tabindex: "-1" }, live.event?.title ?? live.id);
  const badge = el("span", null);
  const facts = el("p", { class: "soft small" });
  const connection = el("p", { class: "org-connection small" });
  const failure = el("div", { class: "stack", hidden: true });
  const content = build(leaving.signal);
  let phase = live.event?.onsale.phase;

  const showEvent = () => {
    const { event } = live;
    if (!event) return;
    setText(heading, event.title);
    show(badge, phaseBadge(event.onsale.phase));
    setText(facts, [event.venue, shortDate(event.startsAt)].filter(Boolean).join(" · "));
    document.title = pageTitle(live, tab);
    if (phase !== undefined && phase !== event.onsale.phase) {
      announce(t("org.phase.changed", { phase: t(`org.phase.${event.onsale.phase}`) }));
    }
    phase = event.onsale.phase;
  };
  const showConnection = () => {
    connection.className = `org-connection small ${live.isConnected ? "good" : "warn"}`;
    setText(connection, t(live.isConnected ? "org.connection.live" : "org.connection.lost"));
  };
  const showFailure = () => {
    if (!live.failure) return;
    content.hidden = true;
    connection.hidden = true;
    failure.hidden = false;
    show(
      failure,
      el("p", { class: "notice bad", role: "alert" }, problemWords(live.failure)),
      el("p", null, el("a", { href: "/organizer" }, t("org.events.back"))),
    );
  };
  live.watch(["event"], showEvent, leaving.signal);
  live.watch(["failed"], showFailure, leaving.signal);
  showConnection();
  live.on(
    "connection",
    () => {
      showConnection();
      announce(t(live.isConnected ? "org.connection.back" : "org.connection.lost"));
    },
    leaving.signal,
  );

  return {
    title: pageTitle(live, tab),
    stop: () => leaving.abort(),
    element: el(
      "div",
      { class: "stack org-event-page" },
      el(
        "div",
        { class: "stack org-event-head" },
        el("a", { class: "org-back", href: "/organizer" }, t("org.events.back")),
        el("div", { class: "row" }, heading, badge),
        el("div", { class: "row" }, facts, connection),
      ),
      el(
        "nav",
        { class: "org-tabs", "aria-label": t("org.tabs") },
        TABS.map((known) =>
          el(
            "a",
            { href: eventPath(live.id, known), ...(known === tab && { "aria-current": "page" }) },
            t(`org.tab.${known}`),
          ),
        ),
      ),
      failure,
      content,
    ),
  };
}

/** @param {LiveEvent} live @param {Tab} tab */
const pageTitle = (live, tab) => `${live.event?.title ?? live.id} · ${t(`org.tab.${tab}`)}`;
