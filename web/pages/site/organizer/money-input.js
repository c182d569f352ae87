/** @param {string} currency @returns {number | undefined} how many decimals it has; nothing for what is no currency */
export function currencyDecimals(currency) {
  if (!/^[A-Z]{3}$/.test(currency)) return undefined;
  return new Intl.NumberFormat("en", { style: "currency", currency }).resolvedOptions().maximumFractionDigits;
}

/**
 * An amount as it is typed ("198,000", "12.50"), in minor units.
 * @param {string} text @param {string} currency
 * @returns {number | undefined} nothing for what is no amount of that currency
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
