import { Problem } from "../../../client/src/index.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { cardTable, exactDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";

/** The actions with words of their own here; any other is shown under the server's name. */
const ACTIONS = new Set([
  "created", "paused", "resumed", "onsale-changed", "blocked", "unblocked", "refunded", "refund-seen", "dispute-seen",
  "ineligible", "edited", "published", "tickets-refunded",
]);

/** @param {string} action @returns {string} */
export const actionWords = (action) => (ACTIONS.has(action) ? t(`org.audit.action.${action}`) : action);

/** The system's own entries; nobody claims them. */
const OWN = new Set(["refund-seen", "dispute-seen", "ineligible"]);

/** @param {import("../../../client/src/types.js").AuditEntry} entry */
function whoElement({ by, account, action }) {
  const name = by || t("org.audit.nobody");
  if (OWN.has(action)) return name;
  return account === undefined
    ? el("span", null, name, " ", el("span", { class: "badge warn" }, t("org.audit.claimed")))
    : el("span", null, name, " ", el("span", { class: "badge good" }, t("org.audit.proved")));
}

/**
 * @typedef {object} AuditModel
 * @property {() => Promise<import("../../../client/src/types.js").AuditEntry[]>} entries
 * @property {AbortSignal} signal aborts when the tab is left
 */

/**
 * What the staff did, and whether an account proves who it was.
 * @param {AuditModel} model
 */
export function auditView({ entries, signal }) {
  const place = el("div", { class: "stack", "aria-busy": "true" }, el("p", { class: "soft" }, t("org.loading")));
  const load = async () => {
    try {
      const all = await entries();
      if (signal.aborted) return;
      const columns = ["at", "by", "action", "detail"].map((name) => ({ label: t(`org.audit.${name}`) }));
      const rows = all.map((entry) => [
        exactDate(entry.at),
        whoElement(entry),
        actionWords(entry.action),
        entry.detail || "–",
      ]);
      show(
        place,
        rows.length === 0
          ? el("p", { class: "card soft" }, t("org.audit.none"))
          : el("div", { class: "card org-table-card" }, cardTable(t("org.audit.title"), columns, rows)),
      );
    } catch (error) {
      if (signal.aborted) return;
      const isMissing = error instanceof Problem && error.slug === "not-found";
      show(
        place,
        isMissing ? el("p", { class: "card soft" }, t("org.audit.missing")) : el(
          "p",
          { class: "notice bad", role: "alert" },
          problemWords(error),
        ),
      );
    }
    place.removeAttribute("aria-busy");
  };
  void load();
  return el(
    "div",
    { class: "stack" },
    el(
      "div",
      { class: "row spread" },
      el("p", { class: "soft org-lead" }, t("org.audit.lead")),
      workButton(t("org.refresh"), load),
    ),
    place,
  );
}
