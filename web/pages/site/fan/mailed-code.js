const DIGITS = 6;

/** @param {string} text as typed or pasted @returns {string} */
export const digitsOf = (text) => text.normalize("NFKC").replace(/[\s-]/g, "");

/** @param {string} text */
export const isCode = (text) => text.length === DIGITS && /^[0-9]+$/.test(text);

/**
 * What the link in the mail carries behind its `#`, where no server sees it.
 * @param {string} hash @returns {{ email: string, code: string } | undefined}
 */
export function linkOf(hash) {
  const members = new URLSearchParams(hash.replace(/^#/, ""));
  const email = members.get("email") ?? "";
  const code = members.get("code") ?? "";
  return email !== "" && (isCode(code) || /^[a-p]{32}$/.test(code)) ? { email, code } : undefined;
}
