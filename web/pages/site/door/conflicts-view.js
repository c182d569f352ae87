import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { momentText } from "./verdict-view.js";

/** @typedef {import("./ledger.js").Scan} Scan */

/**
 * Lists for the supervisor the people this device let in but the server would have refused.
 * @param {(ticket: string) => void} dismissed @param {(scan: Scan) => string} placeOf in words
 */
export function buildConflictsView(dismissed, placeOf) {
  const title = el("h2", { id: "conflicts-title", tabindex: "-1" });
  const list = el("ul", { class: "stack" });
  const element = el(
    "section",
    { class: "card door-conflicts", "aria-labelledby": "conflicts-title", hidden: true },
    title,
    el("p", { class: "soft" }, t("door.conflicts.explain")),
    list,
  );
  let shown = "";

  return {
    element,
    /** @param {Scan[]} scans */
    update(scans) {
      const wanted = JSON.stringify(scans.map((scan) => [scan.ticket, placeOf(scan)]));
      if (wanted === shown) return;
      shown = wanted;
      element.hidden = scans.length === 0;
      title.textContent = t("door.conflicts.title", { count: scans.length });
      show(
        list,
        scans.map((scan) =>
          line(scan, placeOf(scan), () => {
            dismissed(scan.ticket);
            if (!element.hidden) title.focus();
          }),
        ),
      );
    },
  };
}

/** @param {Scan} scan @param {string} place @param {() => void} dismiss */
function line(scan, place, dismiss) {
  const now = Date.now();
  return el(
    "li",
    { class: "door-conflict" },
    el(
      "div",
      { class: "stack" },
      el("strong", null, place),
      el("span", null, conflictText(scan, now)),
      el("span", { class: "soft small" }, t("door.conflicts.scanned", { time: momentText(scan.at, now) })),
      el("span", { class: "soft small door-ticket" }, scan.ticket),
    ),
    el(
      "button",
      { type: "button", "aria-label": t("door.conflicts.dismissFor", { place }), onclick: dismiss },
      t("door.conflicts.dismiss"),
    ),
  );
}

/** @param {Scan} scan @param {number} now */
function conflictText({ conflict }, now) {
  if (conflict?.reason !== "used") return t(`door.conflicts.${conflict?.reason ?? "refused"}`);
  if (conflict.at === undefined) return t("door.conflicts.usedUnknown");
  const time = momentText(conflict.at, now);
  return conflict.by === undefined ? t("door.conflicts.used", { time }) : t("door.conflicts.usedBy", { time, name: conflict.by });
}
