import { t } from "../lib/i18n.js";

/** @typedef {import("../../../client/src/types.js").StoryStep} StoryStep */

/**
 * The steps of the services after a sale, by the server's phrase.
 * @type {Record<string, string>}
 */
const STEPS = {
  "Tickets made": "made",
  "Tickets voided": "voided",
  "Mail sent": "sent",
  "Mail came back": "bounced",
  "Eligibility granted": "granted",
  "Eligibility refused": "refused",
};

/** What went wrong for the buyer. */
const BAD = new Set(["bounced", "refused"]);

/** What a mail may tell. */
const MAILS = new Set(["tickets", "refund", "partial-refund", "cancelled"]);

/**
 * The server's own sentences; anything else is the reason that a mail server or the organizer's endpoint gave.
 * @type {Record<string, string>}
 */
const SENTENCES = {
  "For paper, screen and calendar.": "made",
  "Their files let nobody in any more.": "voided",
  "The mail server gave no reason.": "bounced",
  "The organizer's endpoint said yes.": "granted",
  "The organizer's endpoint said no.": "refused",
};

/** @param {string} detail */
function detailWords(detail) {
  const sentence = SENTENCES[detail];
  if (sentence !== undefined) return t(`org.story.detail.${sentence}`);
  const mail = /^It told of: (.+)\.$/.exec(detail)?.[1];
  return mail !== undefined && MAILS.has(mail) ? t(`org.story.mail.${mail}`) : undefined;
}

/**
 * A step in words: those of the services in the language of the page, others in the server's, which are English.
 * @param {Pick<StoryStep, "what" | "detail">} step
 * @returns {{ what: string, detail: string, isBad: boolean, whatIsOurs: boolean, detailIsOurs: boolean }}
 */
export function storyWords({ what, detail }) {
  const step = STEPS[what];
  if (step === undefined) return { what, detail, isBad: false, whatIsOurs: false, detailIsOurs: false };
  const words = detailWords(detail);
  return {
    what: t(`org.story.${step}`), detail: words ?? detail, isBad: BAD.has(step), whatIsOurs: true,
    detailIsOurs: words !== undefined,
  };
}
