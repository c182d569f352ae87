import catalog from "../catalog/fan.js";
import { confirmed } from "../lib/dialog.js";
import { el, show } from "../lib/dom.js";
import { buildFrame } from "../lib/frame.js";
import { addCatalog, initialLanguage, setLanguage, t } from "../lib/i18n.js";
import { clock } from "./api.js";
import { HeldBar } from "./held-bar.js";
import { heldEverywhere } from "./holds.js";
import { forgetOverTickets, isKeptPage } from "./offline.js";
import { routeOf } from "./routes.js";
import { onSessionChange, session, signOut } from "./session.js";
import { armOnTouch } from "./sound.js";
import { eventEntrance, orderEntrance, ordersEntrance } from "./views/entrances.js";
import { heading, notice } from "./views/parts.js";
import { signInPage } from "./views/sign-in-page.js";
import { whatsOnView } from "./views/whats-on.js";

/** @typedef {import("./views/parts.js").View} View */

const TICK_MILLISECONDS = 1000;

/** @type {HTMLElement} */
let main;
/** @type {View | undefined} */
let view;
/** The address that the view is for. */
let shown = "";
const toasts = el("div", { class: "toasts", role: "status" });
const foot = el("footer", { class: "foot" });
/** @type {HeldBar} */
let held;

/** @returns {View} the page for the current address */
function pageOf() {
  const route = routeOf(location.pathname);
  switch (route.name) {
    case "list":
      return whatsOnView();
    case "event":
      return eventEntrance(route.event, navigate);
    case "orders":
      return ordersEntrance();
    case "order":
      return orderEntrance(route.event, route.order);
    case "signIn":
      return signInPage(navigate);
    case "missing":
      return {
        element: el(
          "div",
          { class: "stack" },
          heading(t("page.missing")),
          el("p", null, el("a", { href: "/" }, t("event.toList"))),
        ),
        title: t("page.missing"),
      };
  }
}

/** @param {{ isFirst?: boolean }} [options] */
function open(options = {}) {
  view?.close?.();
  view = pageOf();
  shown = location.pathname;
  document.title = `${view.title} · Onsale`;
  show(main, view.element);
  showFoot();
  showHeld();
  showConnection();
  if (options.isFirst) return;
  scrollTo({ top: 0 });
  (view.element.querySelector("h1") ?? main).focus();
}

/** @type {import("./views/parts.js").Navigate} */
function navigate(path, { isInstead = false } = {}) {
  if (isInstead) history.replaceState(null, "", path);
  else history.pushState(null, "", path);
  open();
}

/** An event's page says by itself that its connection is lost. */
function showConnection() {
  const isLost = !navigator.onLine && routeOf(location.pathname).name !== "event";
  if (isLost !== (toasts.firstChild !== null)) show(toasts, isLost && notice("warn", t("connection.offline")));
}

/** The browser went back or forward. */
function cameTo() {
  if (location.pathname === shown && view?.cameTo) view.cameTo(history.state);
  else open();
}

function showFoot() {
  const known = session();
  show(
    foot,
    known
      ? [
          known.email ? `${t("signIn.as", { email: known.email })} ` : "",
          el(
            "button",
            {
              type: "button",
              class: "plain",
              onclick: async () => {
                if (heldEverywhere(clock.now()).length > 0) {
                  const isSure = await confirmed({
                    title: t("signOut.title"), text: [t("signOut.held")], keep: t("signOut.stay"), action: t("signIn.out"), isDanger: true,
                  });
                  if (!isSure) return;
                }
                signOut();
                navigate("/");
              },
            },
            t("signIn.out"),
          ),
        ]
      : t("foot.text"),
  );
}

function showHeld() {
  const route = routeOf(location.pathname);
  held.update(route.name === "event" ? route.event : undefined);
}

function build() {
  main = buildFrame({
    home: "/",
    links: [
      { href: "/", label: t("list.title") },
      { href: "/orders", label: t("orders.title") },
    ],
    languageChanged: () => {
      build();
      open();
    },
  });
  held?.element.remove();
  held = new HeldBar();
  document.body.append(foot, toasts, held.element);
}

/**
 * Follows links between these pages without a page load.
 * @param {MouseEvent} event
 */
function follow(event) {
  const isSpecial = event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
  if (event.defaultPrevented || event.button !== 0 || isSpecial || isKeptPage) return;
  const link = event.target instanceof Element ? event.target.closest("a") : null;
  if (!link || link.target !== "" || link.hasAttribute("download") || link.origin !== location.origin) return;
  const isOnPage = link.pathname === location.pathname && link.hash !== "";
  if (isOnPage || routeOf(link.pathname).name === "missing") return;
  event.preventDefault();
  navigate(link.pathname);
}

addCatalog(catalog);
setLanguage(initialLanguage());
build();
open({ isFirst: true });
armOnTouch();
void forgetOverTickets();
addEventListener("popstate", cameTo);
document.addEventListener("click", follow);
addEventListener("online", showConnection);
addEventListener("offline", showConnection);
onSessionChange(showFoot);
setInterval(() => {
  view?.update?.();
  showHeld();
  if ((session() === undefined) !== (foot.querySelector("button") === null)) showFoot();
}, TICK_MILLISECONDS);
