const LINE_OCTETS = 75;

/**
 * @typedef {object} Appointment
 * @property {string} uid
 * @property {string} startsAt RFC 3339
 * @property {string} stampedAt RFC 3339
 * @property {string} summary
 * @property {string} location
 * @property {string} description
 * @property {string} url
 */

/**
 * A calendar file with one appointment (RFC 5545). It has no end time: the organizer gives none, and a guess could be
 * wrong.
 *
 * @param {Appointment} appointment
 * @returns {string}
 */
export function calendarFile(appointment) {
  const lines = [
    "BEGIN:VCALENDAR",
    "VERSION:2.0",
    "PRODID:-//Onsale//Tickets//EN",
    "CALSCALE:GREGORIAN",
    "BEGIN:VEVENT",
    `UID:${escaped(appointment.uid)}`,
    `DTSTAMP:${utc(appointment.stampedAt)}`,
    `DTSTART:${utc(appointment.startsAt)}`,
    `SUMMARY:${escaped(appointment.summary)}`,
    `LOCATION:${escaped(appointment.location)}`,
    `DESCRIPTION:${escaped(appointment.description)}`,
    `URL:${appointment.url}`,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return lines.map((line) => `${folded(line)}\r\n`).join("");
}

/** @param {string} text escaped by section 3.3.11 */
function escaped(text) {
  return text.replace(/[\\;,]/g, "\\$&").replace(/\r\n|\r|\n/g, "\\n");
}

/** @param {string} moment in UTC by section 3.3.5, form 2 */
function utc(moment) {
  return new Date(moment).toISOString().replace(/\.\d+/, "").replace(/[-:]/g, "");
}

/** @param {string} line folded by section 3.1, never inside a character */
function folded(line) {
  const encoder = new TextEncoder();
  let octets = 0;
  let text = "";
  for (const character of line) {
    const length = encoder.encode(character).length;
    if (octets + length > LINE_OCTETS) {
      text += "\r\n ";
      octets = 1;
    }
    text += character;
    octets += length;
  }
  return text;
}
