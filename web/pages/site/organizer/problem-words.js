import { Problem } from "../../../client/src/index.js";
import { t } from "../lib/i18n.js";

/** The refusals with texts of their own here; for others the server's words do. */
const KNOWN = new Set([
  "unreachable",
  "unauthenticated",
  "forbidden",
  "not-found",
  "rate-limited",
  "overloaded",
  "unavailable",
  "too-large",
  "not-cancellable",
  "onsale-closed",
  "event-exists",
]);

/**
 * What went wrong, for the organizer.
 * @param {unknown} error
 */
export function problemWords(error) {
  if (!(error instanceof Problem)) return t("org.problem.unexpected", { detail: String(error) });
  const { needs } = error.body;
  if (error.slug === "forbidden" && (needs === "box-office" || needs === "owner")) return t(`org.role.needs.${needs}`);
  if (KNOWN.has(error.slug)) {
    return t(`org.problem.${error.slug}`, { seconds: error.retryAfterSeconds ?? 5 });
  }
  return t("org.problem.refused", { detail: error.message });
}
