import { confirmed } from "../lib/dialog.js";
import { el } from "../lib/dom.js";
import { t } from "../lib/i18n.js";

/** @param {{ waiting: number, conflicts: number }} left what signing out leaves behind @returns {Promise<boolean>} */
export const askToSignOut = ({ waiting, conflicts }) =>
  confirmed({
    title: t("door.signOut.title"),
    text: [
      ...(waiting > 0 ? [el("p", { class: "notice warn" }, t("door.signOut.waiting", { count: waiting }))] : []),
      ...(conflicts > 0 ? [el("p", { class: "notice warn" }, t("door.signOut.conflicts"))] : []),
      el("p", { class: "soft" }, t("door.signOut.plain")),
    ],
    keep: t("door.signOut.stay"),
    action: t("door.signOut.confirm"),
    isDanger: true,
  });
