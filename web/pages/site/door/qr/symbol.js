import { readData } from "./codewords.js";
import { readFormat } from "./format.js";
import { mirrored } from "./grid.js";
import { readText } from "./segments.js";

/** @typedef {import("./grid.js").Grid} Grid */

/** @param {Grid} grid @returns {string | undefined} its text, if it is a code; also of a code seen in a mirror */
export function readSymbol(grid) {
  return readUpright(grid) ?? readUpright(mirrored(grid));
}

/** @param {Grid} grid */
function readUpright(grid) {
  const format = readFormat(grid);
  const data = format && readData(grid, format);
  return data && readText(data, grid.version);
}
