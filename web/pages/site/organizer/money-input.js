/** @param {string} currency @returns {number | undefined} its number of decimals; undefined if it is no currency */
export function currencyDecimals(currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return undefined;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/**
 * Parses an amount as typed ("198,000", "12.50") into minor units.
 * @param {string} text @param {string} currency
 * @returns {number | undefined} undefined if it is not an amount in that currency
 */
export function parseMoney(text, currency) {
  const decimals = currencyDecimals(currency);
  if (decimals === undefined) return undefined;
  const match = /^(\d{1,3}(?:,\d{3})+|\d+)(?:\.(\d+))?$/.exec(text.trim().replace(/\s/g, ""));
  if (!match) return undefined;
  const fraction = match[2] ?? "";
  if (fraction.length > decimals) return undefined;
  const amount = Number((match[1] ?? "").replaceAll(",", "") + fraction.padEnd(decimals, "0"));
  return Number.isSafeInteger(amount) ? amount : undefined;
}

/**
 * Writes an amount as it would be typed.
 * @param {number} amount in minor units @param {string} currency
 */
export function writeMoney(amount, currency) {
  const decimals = currencyDecimals(currency) ?? 0;
  return (amount / 10 ** decimals).toFixed(decimals);
}
