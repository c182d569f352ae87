/**
 * The seats a fan has picked but does not hold yet; others can still get them first.
 */
export class Selection {
  /** @type {Set<number>} */
  seats = new Set();

  /**
   * Picks a seat, or drops it again.
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
   * Drops the seats that others got first.
   * @param {(index: number) => boolean} isFree
   * @returns {{ lost: number[], before: number[] }} the seats lost, and everything picked before that
   */
  dropTaken(isFree) {
    const before = [...this.seats];
    const lost = before.filter((index) => !isFree(index));
    if (lost.length > 0) this.seats = new Set(before.filter(isFree));
    return { lost, before };
  }
}
