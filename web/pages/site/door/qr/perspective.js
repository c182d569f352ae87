/**
 * How a flat code's points are seen: a projective mapping, as the nine numbers of its matrix row by row.
 *
 * @typedef {{ x: number, y: number }} Point
 * @typedef {{ from: Point, to: Point }} Pair
 * @typedef {number[]} Mapping
 */

/** @param {Mapping} mapping @param {number} x @param {number} y @returns {Point} */
export function project(mapping, x, y) {
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0, i = 1] = mapping;
  const w = g * x + h * y + i;
  return { x: (a * x + b * y + c) / w, y: (d * x + e * y + f) / w };
}

/**
 * The mapping that fits pairs of points best: exactly for four, by least squares for more.
 * @param {Pair[]} pairs at least four @returns {Mapping | undefined} undefined if they are in a line
 */
export function fit(pairs) {
  // In units of the code's size, so that all coefficients are about as large.
  const unit = Math.max(...pairs.map(({ from }) => Math.max(Math.abs(from.x), Math.abs(from.y))));
  const size = Math.max(...pairs.map(({ to }) => Math.max(Math.abs(to.x), Math.abs(to.y))));
  /** @type {number[][]} the normal equations, with the right-hand side as their last column */
  const rows = Array.from({ length: 8 }, () => new Array(9).fill(0));
  for (const { from, to } of pairs) {
    const [x, y, u, v] = [from.x / unit, from.y / unit, to.x / size, to.y / size];
    addEquation(rows, [x, y, 1, 0, 0, 0, -u * x, -u * y, u]);
    addEquation(rows, [0, 0, 0, x, y, 1, -v * x, -v * y, v]);
  }
  const solved = solve(rows);
  if (!solved) return undefined;
  const [a = 0, b = 0, c = 0, d = 0, e = 0, f = 0, g = 0, h = 0] = solved;
  return [a / unit, b / unit, c, d / unit, e / unit, f, g / unit / size, h / unit / size, 1 / size];
}

/** @param {number[][]} rows @param {number[]} equation */
function addEquation(rows, equation) {
  rows.forEach((row, i) => {
    for (let j = 0; j < 9; j += 1) row[j] = (row[j] ?? 0) + (equation[i] ?? 0) * (equation[j] ?? 0);
  });
}

/**
 * Gaussian elimination.
 * @param {number[][]} rows @returns {number[] | undefined}
 */
function solve(rows) {
  const count = rows.length;
  for (let column = 0; column < count; column += 1) {
    let best = column;
    for (let row = column + 1; row < count; row += 1) {
      if (Math.abs(rows[row]?.[column] ?? 0) > Math.abs(rows[best]?.[column] ?? 0)) best = row;
    }
    const pivot = /** @type {number[]} */ (rows[best]);
    rows[best] = /** @type {number[]} */ (rows[column]);
    rows[column] = pivot;
    const divisor = pivot[column] ?? 0;
    if (!(Math.abs(divisor) > 1e-12)) return undefined;
    rows.forEach((row, index) => {
      if (index === column) return;
      const factor = (row[column] ?? 0) / divisor;
      for (let at = column; at <= count; at += 1) row[at] = (row[at] ?? 0) - factor * (pivot[at] ?? 0);
    });
  }
  return rows.map((row, index) => (row[count] ?? 0) / (row[index] ?? 1));
}
