import { el, setText } from "../lib/dom.js";
import { formatDate, t } from "../lib/i18n.js";
import { momentOf, timeZone } from "./local-time.js";
import { uniqueID } from "./parts.js";

/**
 * A field with label, hint and error.
 * @typedef {{ element: HTMLElement, input: HTMLInputElement | HTMLTextAreaElement, fail: (text: string | undefined) => void }}
 *   Field
 */

/**
 * @param {object} options
 * @param {string} options.label
 * @param {string} [options.hint]
 * @param {import("../lib/dom.js").Attributes} options.attributes of the input
 * @param {import("../lib/dom.js").Child} [options.below]
 * @param {boolean} [options.isLong] whether the text may have lines
 * @returns {Field}
 */
export function field({ label, hint, attributes, below, isLong = false }) {
  const id = uniqueID("field");
  const hintID = `${id}-hint`;
  const errorID = `${id}-error`;
  const described = [hint && hintID, errorID].filter(Boolean).join(" ");
  const { value, ...others } = attributes;
  const input = isLong
    ? el("textarea", { id, rows: 4, "aria-describedby": described, ...others }, String(value ?? ""))
    : el("input", { id, "aria-describedby": described, ...attributes });
  const error = el("p", { class: "field-error", id: errorID, hidden: true });
  return {
    input,
    element: el(
      "div",
      { class: "field" },
      el("label", { for: id }, label),
      input,
      below,
      hint !== undefined && el("p", { class: "soft small", id: hintID }, hint),
      error,
    ),
    fail: (text) => {
      error.hidden = text === undefined;
      setText(error, text ?? "");
      if (text === undefined) input.removeAttribute("aria-invalid");
      else input.setAttribute("aria-invalid", "true");
    },
  };
}

/**
 * A field for a moment, with the time in UTC below.
 * @param {object} options
 * @param {string} options.label
 * @param {string} [options.hint]
 * @param {string} options.value
 * @param {(text: string) => void} [options.onInput]
 * @param {() => string} [options.zone] by whose clocks it is entered; this device's if left out
 * @returns {Field & { input: HTMLInputElement, zoneChanged: () => void }}
 */
export function timeField({ label, hint, value, onInput, zone = timeZone }) {
  const utc = el("p", { class: "soft small number" });
  const showUTC = (/** @type {string} */ text) => {
    const moment = momentOf(text, zone());
    const day = moment && formatDate(moment, { dateStyle: "medium", timeStyle: "short", timeZone: "UTC" });
    setText(utc, day ? t("org.time.utc", { moment: day }) : "");
  };
  const made = field({
    label,
    ...(hint !== undefined && { hint }),
    below: utc,
    attributes: {
      type: "datetime-local",
      value,
      oninput: () => {
        showUTC(made.input.value);
        onInput?.(made.input.value);
      },
    },
  });
  showUTC(value);
  return { ...made, input: /** @type {HTMLInputElement} */ (made.input), zoneChanged: () => showUTC(made.input.value) };
}

/**
 * Says which time zone times are entered in.
 * @param {string} zone
 */
export const zoneNote = (zone) => el("p", { class: "small" }, t("org.time.zone", { zone: `${zone}, ${offsetName(zone)}` }));

/** @param {string} zone */
function offsetName(zone) {
  const parts = new Intl.DateTimeFormat("en", { timeZone: zone, timeZoneName: "longOffset" }).formatToParts(new Date());
  const name = parts.find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  return name === "GMT" ? "GMT+00:00" : name;
}
