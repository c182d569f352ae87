const LONGEST = 254;

/**
 * Whether an address may be one, by the rule that the server has: something on both sides of one @, no spaces. Whoever
 * types it knows better than any pattern whether it is theirs.
 *
 * @param {string} text
 */
export function isEmail(text) {
  const parts = text.split("@");
  return (
    parts.length === 2 &&
    parts.every((part) => part !== "") &&
    new TextEncoder().encode(text).length <= LONGEST &&
    !/[\u0000-\u0020\u007f]/.test(text)
  );
}
