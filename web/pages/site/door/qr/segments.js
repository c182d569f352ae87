/** The text of a code's data (ISO/IEC 18004, 7.4). */

const ALPHANUMERIC = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/** Bits of the length of numeric, alphanumeric, byte and kanji text in versions to 9, to 26 and to 40 (table 3). */
const LENGTHS = /** @type {Record<number, [number, number, number]>} */ ({
  1: [10, 12, 14],
  2: [9, 11, 13],
  4: [8, 16, 16],
  8: [8, 10, 12],
});

/** Character sets by their ECI number (AIM ITS/04-023); the names are those of the Encoding Standard. */
const CHARACTER_SETS = /** @type {Record<number, string>} */ ({
  1: "iso-8859-1",
  3: "iso-8859-1",
  4: "iso-8859-2",
  7: "iso-8859-5",
  9: "iso-8859-7",
  20: "shift_jis",
  22: "windows-1251",
  25: "utf-16be",
  26: "utf-8",
  27: "utf-8",
  28: "big5",
  29: "gbk",
  30: "euc-kr",
});

/** Not a code's text. */
class Malformed extends Error {}

/** Reads bits from the front. */
class Bits {
  #bytes;
  #at = 0;

  /** @param {Uint8Array} bytes */
  constructor(bytes) {
    this.#bytes = bytes;
  }

  get left() {
    return this.#bytes.length * 8 - this.#at;
  }

  /** @param {number} count at most 24 @returns {number} */
  take(count) {
    if (count > this.left) throw new Malformed();
    let value = 0;
    for (let bit = 0; bit < count; bit += 1, this.#at += 1) {
      value = (value << 1) | (((this.#bytes[this.#at >> 3] ?? 0) >> (7 - (this.#at & 7))) & 1);
    }
    return value;
  }
}

/** Collects text in several character sets. */
class Text {
  #text = "";
  /** @type {number[]} */
  #bytes = [];
  /** @type {string | undefined} the set that the code names, if any */
  set = undefined;

  /** @param {number} byte */
  add(byte) {
    this.#bytes.push(byte);
  }

  /** @param {string | undefined} set of what follows @returns {string} the text so far */
  end(set) {
    if (this.#bytes.length > 0) this.#text += decode(Uint8Array.from(this.#bytes), this.set);
    this.#bytes = [];
    this.set = set;
    return this.#text;
  }
}

/** @param {Uint8Array} bytes @param {string | undefined} set */
function decode(bytes, set) {
  if (set !== undefined) return new TextDecoder(set).decode(bytes);
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    // What the standard assumes; nearly everybody writes UTF-8.
    return new TextDecoder("iso-8859-1").decode(bytes);
  }
}

/** @param {Bits} bits */
function takeCharacterSet(bits) {
  const first = bits.take(8);
  if (first < 0x80) return CHARACTER_SETS[first];
  if (first < 0xc0) return CHARACTER_SETS[((first & 0x3f) << 8) | bits.take(8)];
  return CHARACTER_SETS[((first & 0x1f) << 16) | bits.take(16)];
}

/** @param {Bits} bits @param {number} count @param {Text} text */
function takeNumeric(bits, count, text) {
  for (let left = count; left > 0; left -= 3) {
    const digits = Math.min(left, 3);
    const value = bits.take(digits * 3 + 1);
    if (value >= 10 ** digits) throw new Malformed();
    for (const digit of String(value).padStart(digits, "0")) text.add(digit.charCodeAt(0));
  }
}

/** @param {Bits} bits @param {number} count @param {Text} text */
function takeAlphanumeric(bits, count, text) {
  for (let left = count; left > 0; left -= 2) {
    const value = bits.take(left === 1 ? 6 : 11);
    if (value >= (left === 1 ? 45 : 45 * 45)) throw new Malformed();
    if (left > 1) text.add(ALPHANUMERIC.charCodeAt(Math.floor(value / 45)));
    text.add(ALPHANUMERIC.charCodeAt(value % 45));
  }
}

/** @param {Bits} bits @param {number} count @param {Text} text */
function takeKanji(bits, count, text) {
  const { set } = text;
  text.end("shift_jis");
  for (let left = count; left > 0; left -= 1) {
    const value = bits.take(13);
    const packed = Math.floor(value / 0xc0) * 0x100 + (value % 0xc0);
    const character = packed + (packed < 0x1f00 ? 0x8140 : 0xc140);
    text.add(character >> 8);
    text.add(character & 0xff);
  }
  text.end(set);
}

/** @param {Bits} bits @param {number} version @param {Text} text @returns {boolean} whether more may follow */
function takeSegment(bits, version, text) {
  // The end needs no mark where there is no room for one.
  const mode = bits.left < 4 ? 0 : bits.take(4);
  switch (mode) {
    case 0:
      return false;
    case 3:
      // One of several codes with a text: which, of how many, and a parity.
      bits.take(16);
      return true;
    case 5:
      return true;
    case 7:
      text.end(takeCharacterSet(bits));
      return true;
    case 9:
      // The application that text after an FNC1 is for.
      bits.take(8);
      return true;
  }
  const lengths = LENGTHS[mode];
  if (!lengths) throw new Malformed();
  const count = bits.take(lengths[version < 10 ? 0 : version < 27 ? 1 : 2]);
  if (mode === 1) takeNumeric(bits, count, text);
  else if (mode === 2) takeAlphanumeric(bits, count, text);
  else if (mode === 8) takeKanji(bits, count, text);
  else for (let left = count; left > 0; left -= 1) text.add(bits.take(8));
  return true;
}

/** @param {Uint8Array} data @param {number} version @returns {string | undefined} */
export function readText(data, version) {
  const bits = new Bits(data);
  const text = new Text();
  try {
    while (takeSegment(bits, version, text));
    return text.end(undefined);
  } catch (error) {
    if (error instanceof Malformed) return undefined;
    throw error;
  }
}
