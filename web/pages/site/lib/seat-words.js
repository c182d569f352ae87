/** The units that Korean puts after a section, a row and a seat, and the words that English puts before them. */
const UNITS = /구역|열|번|석|\b(?:section|row|seat)\b/gi;

/** @param {string} text a seat in words @returns {string} its names and numbers alone, for comparing */
export const bareSeat = (text) => text.toLowerCase().replace(UNITS, " ").split(/[\s,·/]+/).filter(Boolean).join(" ");
