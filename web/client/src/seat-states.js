/** @typedef {import("./types.js").Availability} Availability */
/** @typedef {import("./types.js").AvailabilityDelta} AvailabilityDelta */

/** The states of an event's seats, kept current by applying the availability stream. */
export class SeatStates {
  /** @type {number | undefined} */
  version;
  /** One character code per seat, in plan order. */
  codes = new Uint8Array(0);
  /** @type {Map<string, number>} free places by area name */
  areas = new Map();

  /** @param {Availability} availability */
  replace(availability) {
    this.version = availability.version;
    this.codes = new TextEncoder().encode(availability.seats);
    this.areas = new Map(availability.areas.map((area) => [area.name, area.free]));
  }

  /**
   * @param {AvailabilityDelta} delta
   * @returns {number[]} indexes of the seats that changed
   */
  apply(delta) {
    const changed = [];
    for (const [index, state] of delta.seats) {
      if (index < 0 || index >= this.codes.length) continue;
      this.codes[index] = state.charCodeAt(0);
      changed.push(index);
    }
    for (const area of delta.areas) this.areas.set(area.name, area.free);
    this.version = delta.version;
    return changed;
  }

  /** @param {number} index */
  stateOf(index) {
    return String.fromCharCode(this.codes[index] ?? 0);
  }

  get freeSeats() {
    let count = 0;
    for (const code of this.codes) if (code === 46) count += 1;
    return count;
  }
}
