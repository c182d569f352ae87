import { organizerCatalog } from "../catalog/organizer.js";
import { buildFrame } from "../lib/frame.js";
import { el } from "../lib/dom.js";
import { addCatalog, initialLanguage, setLanguage, t } from "../lib/i18n.js";
import { accountsView } from "./accounts-view.js";
import { auditView } from "./audit-view.js";
import { buyerView } from "./buyer-view.js";
import { createView } from "./create-view.js";
import { Desk, isSamePerson } from "./desk.js";
import { eventPage } from "./event-page.js";
import { eventsView } from "./events-view.js";
import { LiveEvent } from "./live-event.js";
import { liveView } from "./live-view.js";
import { ordersView } from "./orders-view.js";
import { parseRoute } from "./routes.js";
import { seatsView } from "./seats-view.js";
import { settlementView } from "./settlement-view.js";
import { signInAgain, signInView } from "./sign-in.js";
import { auditModel, buyerModel, liveModel, ordersModel, seatsModel, settlementModel } from "./tab-models.js";
import { webhooksView } from "./webhooks-view.js";

/** @typedef {import("./parts.js").View} View */

addCatalog(organizerCatalog);
setLanguage(initialLanguage());

/** @type {Record<import("./routes.js").Tab, (live: LiveEvent, signal: AbortSignal) => HTMLElement>} */
const TAB_VIEWS = {
  live: (live, signal) => liveView(liveModel(live, desk, signal)),
  seats: (live, signal) => seatsView(seatsModel(live, desk, signal)),
  orders: (live, signal) => ordersView(ordersModel(live, desk, signal, go)),
  settlement: (live, signal) => settlementView(settlementModel(live, desk, signal)),
  audit: (live, signal) => auditView(auditModel(live, desk, signal)),
};

const desk = new Desk(async () => {
  const before = desk.session;
  await signInAgain(desk);
  if (!desk.session) return go("/organizer");
  const isSame = isSamePerson(before, desk.session);
  // What everybody may see was shown without drafts.
  const isPartial = live ? live.failure !== undefined : parseRoute(location.pathname).name === "events";
  if (isSame && !isPartial) return;
  // What the one before had open is not for the next one, and ends what it was doing.
  if (!isSame) for (const dialog of document.querySelectorAll("dialog")) dialog.close();
  watch(undefined);
  go(location.pathname + location.search);
});

/** @type {LiveEvent | undefined} the open event, whichever tab is shown */
let live;
/** @type {View | undefined} */
let view;
/** @type {HTMLElement} */
let main;

function frame() {
  main = buildFrame({
    home: "/organizer",
    links: desk.session
      ? [
          { href: "/organizer", label: t("org.nav.events") },
          ...(desk.may("owner")
            ? [
                { href: "/organizer/new", label: t("org.nav.new") },
                { href: "/organizer/webhooks", label: t("org.nav.webhooks") },
                { href: "/organizer/accounts", label: t("org.nav.accounts") },
              ]
            : []),
        ]
      : [],
    languageChanged: () => {
      frame();
      render({ isMove: false });
    },
  });
  if (!desk.session) return;
  const out = el("button", { class: "plain", type: "button", onclick: signOut }, t("org.signOut"));
  const { name, role } = desk.session;
  const who = el(
    "span",
    { class: "soft small org-who", title: t("org.signedInAs", { name }) },
    el("span", { class: "org-who-name" }, name),
    el("span", null, ` · ${t(`org.role.${role}`)}`),
  );
  document.querySelector(".top-bar")?.append(who, out);
}

function signOut() {
  desk.signOut();
  go("/organizer");
}

/** @param {string} path */
function go(path) {
  if (path !== location.pathname + location.search) history.pushState(null, "", path);
  frame();
  render({ isMove: true });
}

/** @param {string | undefined} id the event to follow; any other one is stopped */
function watch(id) {
  if (live?.id === id) return;
  live?.stop();
  live = id === undefined ? undefined : new LiveEvent(id, desk);
  live?.start();
}

/** @returns {View} */
function currentView() {
  if (!desk.session) {
    watch(undefined);
    // After signing in, continue to the page in the address bar.
    return signInView(desk, () => go(location.pathname + location.search));
  }
  const route = parseRoute(location.pathname);
  watch(route.name === "event" ? route.event : undefined);
  if (route.name === "events") {
    void desk.check();
    return eventsView(desk);
  }
  if (["new", "webhooks", "accounts"].includes(route.name) && !desk.may("owner")) return noticeView(t("org.role.needs.owner"));
  if (route.name === "new") return createView(desk, go);
  if (route.name === "webhooks") return webhooksView(desk);
  if (route.name === "accounts") return accountsView(desk, signOut);
  if (route.name === "event" && live) {
    const known = live;
    const { tab, buyer } = route;
    return eventPage(known, tab, (signal) =>
      buyer === undefined ? TAB_VIEWS[tab](known, signal) : buyerView(buyerModel(known, desk, signal, buyer)),
    );
  }
  return noticeView(t("org.notFound"));
}

/** @param {string} title why there is nothing to see @returns {View} */
function noticeView(title) {
  return {
    title,
    element: el(
      "div",
      { class: "stack" },
      el("h1", { tabindex: "-1" }, title),
      el("a", { class: "org-back", href: "/organizer" }, t("org.events.back")),
    ),
  };
}

/** @param {{ isMove: boolean }} options `isMove`: whether the user navigated, so that the focus moves too */
function render({ isMove }) {
  view?.stop?.();
  view = currentView();
  document.title = `${view.title} · Onsale`;
  main.replaceChildren(view.element);
  if (!isMove) return;
  scrollTo(0, 0);
  main.querySelector("h1")?.focus({ preventScroll: true });
}

document.addEventListener("click", (event) => {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  const link = event.target instanceof Element ? event.target.closest("a[href]") : null;
  if (!(link instanceof HTMLAnchorElement) || link.origin !== location.origin || link.target !== "" || link.download !== "") return;
  if (!/^\/organizer(\/|$)/.test(link.pathname) || (link.hash !== "" && link.pathname === location.pathname)) return;
  event.preventDefault();
  go(link.pathname + link.search);
});
addEventListener("popstate", () => {
  frame();
  render({ isMove: true });
});

frame();
render({ isMove: false });
