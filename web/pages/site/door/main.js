import { doorCatalog } from "../catalog/door.js";
import { buildFrame } from "../lib/frame.js";
import { addCatalog, initialLanguage, setLanguage, t } from "../lib/i18n.js";
import { DOOR_WORKER } from "../lib/script-urls.js";
import { registerWorker } from "../lib/service-worker.js";
import { keptAttendance } from "./attendance.js";
import { KeptLastScan } from "./last-scan.js";
import { Ledger } from "./ledger.js";
import { Places } from "./places.js";
import { PublishedFacts } from "./published.js";
import { showScan } from "./scan-view.js";
import { keptSession } from "./session.js";
import { showSignIn } from "./sign-in-view.js";

/** @typedef {import("./session.js").DoorSession} DoorSession */

addCatalog(doorCatalog);
setLanguage(initialLanguage());

const ledger = new Ledger();
const facts = new PublishedFacts();
const places = new Places();
const lastScan = new KeptLastScan();
/** If the browser stores nothing, it lasts as long as the page. */
let session = keptSession.get();
/** @type {string | undefined} */
let lastEvent;
/** @type {{ update(): void, end(): void } | undefined} */
let scanning;

/** @param {{ isFirst?: boolean }} [options] */
function render(options = {}) {
  scanning?.end();
  scanning = undefined;
  const main = buildFrame({ home: "/door", links: [], languageChanged: () => render() });
  document.title = session ? `${session.event.title} · ${t("door.title")}` : `${t("door.title")} · Onsale`;
  const isKept = keptSession.get() !== undefined;
  if (session) scanning = showScan(main, { session, ledger, facts, places, lastScan, isKept, signedOut: signOut });
  else showSignIn(main, { waiting: ledger.waiting, event: lastEvent, signedIn: signIn });
  if (!options.isFirst) main.querySelector("h1")?.focus();
}

/** @param {DoorSession} next */
function signIn(next) {
  session = next;
  keptSession.set(next);
  navigator.storage?.persist?.().catch(() => false);
  render();
}

/** Forgets everything except what the server doesn't know yet. */
function signOut() {
  lastEvent = session?.event.id;
  session = undefined;
  keptSession.set(undefined);
  facts.forget();
  places.forget();
  lastScan.forget();
  keptAttendance.set(undefined);
  ledger.clearSettled();
  render();
}

addEventListener("storage", ({ key, newValue }) => {
  ledger.changedElsewhere(key, newValue);
  scanning?.update();
});
keptSession.onChange((next) => {
  if (JSON.stringify(next) === JSON.stringify(session)) return;
  session = next;
  render();
});

render({ isFirst: true });
void registerWorker(DOOR_WORKER, "/door");
