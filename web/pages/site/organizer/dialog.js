import { confirmed as ask } from "../lib/dialog.js";
import { t } from "../lib/i18n.js";

export { openDialog } from "../lib/dialog.js";

/**
 * Asks before an action with consequences, with the organizer's usual way back.
 * @param {Omit<Parameters<typeof ask>[0], "keep"> & { keep?: string }} question
 */
export const confirmed = (question) => ask({ ...question, keep: question.keep ?? t("org.dialog.no") });
