import { alignmentsOf, widthOf } from "./versions.js";

/** @typedef {{ version: number, width: number, modules: Uint8Array }} Grid a code's modules row by row, 1 for dark */

/** @param {number} version @returns {Grid} all light */
export function emptyGrid(version) {
  const width = widthOf(version);
  return { version, width, modules: new Uint8Array(width * width) };
}

/** @param {Grid} grid @param {number} x @param {number} y */
export const moduleAt = (grid, x, y) => grid.modules[y * grid.width + x] ?? 0;

/** @param {Grid} grid @returns {Grid} as it is when its mirror image was read */
export function mirrored(grid) {
  const turned = emptyGrid(grid.version);
  for (let y = 0; y < grid.width; y += 1) {
    for (let x = 0; x < grid.width; x += 1) turned.modules[x * grid.width + y] = moduleAt(grid, x, y);
  }
  return turned;
}

/** @param {number} version @returns {Grid} 1 for the modules of patterns and of the format, which are no data */
export function reservedOf(version) {
  const grid = emptyGrid(version);
  const { width, modules } = grid;
  /** @param {number} left @param {number} top @param {number} columns @param {number} rows */
  const reserve = (left, top, columns, rows) => {
    for (let y = top; y < top + rows; y += 1) modules.fill(1, y * width + left, y * width + left + columns);
  };
  // Finder patterns with their separators and the format's modules beside them.
  reserve(0, 0, 9, 9);
  reserve(width - 8, 0, 8, 9);
  reserve(0, width - 8, 9, 8);
  // The timing patterns.
  reserve(0, 6, width, 1);
  reserve(6, 0, 1, width);
  for (const [x, y] of alignmentCenters(version)) reserve(x - 2, y - 2, 5, 5);
  if (version >= 7) {
    reserve(width - 11, 0, 3, 6);
    reserve(0, width - 11, 6, 3);
  }
  return grid;
}

/** @param {number} version @returns {[number, number][]} column and row of each alignment pattern's center */
export function alignmentCenters(version) {
  const places = alignmentsOf(version);
  const last = places.length - 1;
  return places.flatMap((y, row) =>
    places.flatMap((x, column) => {
      const isFinder = (row === 0 && (column === 0 || column === last)) || (row === last && column === 0);
      return isFinder ? [] : [/** @type {[number, number]} */ ([x, y])];
    }),
  );
}
