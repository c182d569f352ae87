/**
 * The seats that a fan has picked and does not hold yet: anyone may still be faster.
 */
export class Selection {
  /** @type {Set<number>} */
  seats = new Set();

  /**
   * Picks a seat, or puts it back.
   * @param {number} index @param {number} most how many may be picked at once
   * @returns {"picked" | "dropped" | "full"}
   */
  toggle(index, most) {
    const next = new Set(this.seats);
    if (next.delete(index)) {
      this.seats = next;
      return "dropped";
    }
    if (next.size >= most) return "full";
    this.seats = next.add(index);
    return "picked";
  }

  /** @param {number[]} seats */
  replace(seats) {
    this.seats = new Set(seats);
  }

  /**
   * Drops what others were faster to get.
   * @param {(index: number) => boolean} isFree
   * @returns {{ lost: number[], before: number[] }} those lost, and all that were picked before
   */
  dropTaken(isFree) {
    const before = [...this.seats];
    const lost = before.filter((index) => !isFree(index));
    if (lost.length > 0) this.seats = new Set(before.filter(isFree));
    return { lost, before };
  }
}
