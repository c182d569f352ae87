import { Problem } from "../../../client/src/index.js";
import { el, show } from "../lib/dom.js";
import { t } from "../lib/i18n.js";
import { cardTable, exactDate, workButton } from "./parts.js";
import { problemWords } from "./problem-words.js";

/** The actions with words of their own here; any other is shown under the server's name. */
const ACTIONS = new Set([
  "created", "paused", "resumed", "onsale-changed", "blocked", "unblocked", "refunded", "refund-seen", "dispute-seen",
  "ineligible",
  "tickets-refunded",
]);

/** @param {string} action @returns {string} */
export const actionWords = (action) => (ACTIONS.has(action) ? t(`org.audit.action.${action}`) : action);

/**
 * @typedef {object} AuditModel
 * @property {() => Promise<import("../../../client/src/types.js").AuditEntry[]>} entries
 * @property {AbortSignal} signal aborts when the tab is left
 */

/**
 * What the organizers did, and the names they gave.
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
        entry.by || t("org.audit.nobody"),
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
