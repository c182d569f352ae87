/**
 * Where a text stops being JSON.
 * @typedef {object} JSONFault
 * @property {number} line from 1
 * @property {number} column from 1
 * @property {string} excerpt the text there; empty at the end
 */

const SPACE = /[ \t\r\n]*/y;
const TOKEN =
  /[ \t\r\n]*(?:([{}[\],:])|("(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null)(?![\w.+-]))/y;

/**
 * Finds the first place where a text is not JSON. Browsers report it each in their own words, or not at all.
 * @param {string} text
 * @returns {JSONFault | undefined} undefined if it is JSON
 */
export function findJSONFault(text) {
  const offset = faultOffset(text);
  if (offset === undefined) return undefined;
  const before = text.slice(0, offset);
  const lineStart = before.lastIndexOf("\n") + 1;
  return {
    line: before.split("\n").length,
    column: offset - lineStart + 1,
    excerpt: text.slice(offset, offset + 24).split(/[\r\n]/)[0] ?? "",
  };
}

/** @typedef {"value" | "value or ]" | "key" | "key or }" | "colon" | "comma or ]" | "comma or }" | "end"} Expected */

/** @param {string} text @returns {number | undefined} */
function faultOffset(text) {
  /** @type {("[" | "{")[]} the brackets that are open */
  const open = [];
  let expected = /** @type {Expected} */ ("value");
  /** @returns {Expected} */
  const afterValue = () => {
    const last = open.at(-1);
    return last === undefined ? "end" : last === "[" ? "comma or ]" : "comma or }";
  };
  TOKEN.lastIndex = 0;
  while (true) {
    SPACE.lastIndex = TOKEN.lastIndex;
    SPACE.test(text);
    const start = SPACE.lastIndex;
    if (start >= text.length) return expected === "end" ? undefined : text.length;
    const match = TOKEN.exec(text);
    if (!match) return start;
    const [, mark, string] = match;
    const takesValue = expected === "value" || expected === "value or ]";
    if (mark === "{" && takesValue) {
      open.push("{");
      expected = "key or }";
    } else if (mark === "[" && takesValue) {
      open.push("[");
      expected = "value or ]";
    } else if (mark === "]" && (expected === "value or ]" || expected === "comma or ]")) {
      open.pop();
      expected = afterValue();
    } else if (mark === "}" && (expected === "key or }" || expected === "comma or }")) {
      open.pop();
      expected = afterValue();
    } else if (mark === "," && (expected === "comma or ]" || expected === "comma or }")) {
      expected = expected === "comma or ]" ? "value" : "key";
    } else if (mark === ":" && expected === "colon") {
      expected = "value";
    } else if (string !== undefined && (expected === "key" || expected === "key or }")) {
      expected = "colon";
    } else if (mark === undefined && takesValue) {
      expected = afterValue();
    } else {
      return start;
    }
  }
}
