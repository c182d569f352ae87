const LONGEST = 254;

/**
 * Whether a text can be an email address, by the server's own rule: something on both sides of a single @, no spaces.
 * A stricter pattern would only reject real addresses.
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
