/** Finds seats by position: a grid whose cells list their seats, stored in two flat arrays. */
export class SeatGrid {
  #columns;
  #rows;
  #cell;
  #left;
  #top;
  #starts;
  #items;
  #x;
  #y;

  /** @param {import("./chart.js").SeatingChart} chart */
  constructor(chart) {
    this.#x = chart.x;
    this.#y = chart.y;
    this.#cell = Math.max(chart.spacing * 3, 1e-6);
    this.#left = chart.bounds.left;
    this.#top = chart.bounds.top;
    const most = 512;
    const wide = chart.bounds.right - chart.bounds.left;
    const high = chart.bounds.bottom - chart.bounds.top;
    this.#cell = Math.max(this.#cell, wide / most, high / most);
    this.#columns = Math.floor(wide / this.#cell) + 1;
    this.#rows = Math.floor(high / this.#cell) + 1;
    this.#starts = new Uint32Array(this.#columns * this.#rows + 1);
    this.#items = new Uint32Array(chart.seatCount);
    const squares = new Uint32Array(chart.seatCount);
    for (let index = 0; index < chart.seatCount; index += 1) {
      const square = this.#row(this.#y[index] ?? 0) * this.#columns + this.#column(this.#x[index] ?? 0);
      squares[index] = square;
      this.#starts[square + 1] += 1;
    }
    for (let square = 0; square < this.#columns * this.#rows; square += 1) {
      this.#starts[square + 1] += /** @type {number} */ (this.#starts[square]);
    }
    const next = this.#starts.slice();
    for (let index = 0; index < chart.seatCount; index += 1) {
      const square = /** @type {number} */ (squares[index]);
      const place = /** @type {number} */ (next[square]);
      this.#items[place] = index;
      next[square] = place + 1;
    }
  }

  /**
   * @param {import("./geometry.js").Bounds} bounds
   * @returns {number[]} the seats whose centers are inside
   */
  within(bounds) {
    /** @type {number[]} */
    const found = [];
    const lastColumn = this.#column(bounds.right);
    const lastRow = this.#row(bounds.bottom);
    for (let row = this.#row(bounds.top); row <= lastRow; row += 1) {
      for (let column = this.#column(bounds.left); column <= lastColumn; column += 1) {
        const square = row * this.#columns + column;
        const end = /** @type {number} */ (this.#starts[square + 1]);
        for (let place = /** @type {number} */ (this.#starts[square]); place < end; place += 1) {
          const index = /** @type {number} */ (this.#items[place]);
          const x = /** @type {number} */ (this.#x[index]);
          const y = /** @type {number} */ (this.#y[index]);
          if (x >= bounds.left && x <= bounds.right && y >= bounds.top && y <= bounds.bottom) found.push(index);
        }
      }
    }
    return found;
  }

  /**
   * @param {number} x @param {number} y @param {number} radius
   * @returns {number | undefined} the seat with the nearest center, if any is within the radius
   */
  nearest(x, y, radius) {
    /** @type {number | undefined} */
    let best;
    let least = radius;
    for (const index of this.within({ left: x - radius, top: y - radius, right: x + radius, bottom: y + radius })) {
      const distance = Math.hypot((this.#x[index] ?? 0) - x, (this.#y[index] ?? 0) - y);
      if (distance <= least) [best, least] = [index, distance];
    }
    return best;
  }

  /** @param {number} x */
  #column(x) {
    return Math.min(this.#columns - 1, Math.max(0, Math.floor((x - this.#left) / this.#cell)));
  }

  /** @param {number} y */
  #row(y) {
    return Math.min(this.#rows - 1, Math.max(0, Math.floor((y - this.#top) / this.#cell)));
  }
}
