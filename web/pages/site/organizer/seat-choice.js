/** Character codes of seat states, as in `SeatStates`. */
const FREE = 46;
const BLOCKED = 98;

/**
 * Sorts the chosen seats by what can be done with them.
 * @param {Iterable<number>} chosen @param {ArrayLike<number>} codes
 * @returns {{ free: number[], blocked: number[], taken: number[] }} `taken`: held or sold, so they can't be blocked
 */
export function sortSeats(chosen, codes) {
  /** @type {{ free: number[], blocked: number[], taken: number[] }} */
  const sorted = { free: [], blocked: [], taken: [] };
  for (const index of chosen) {
    const code = codes[index];
    (code === FREE ? sorted.free : code === BLOCKED ? sorted.blocked : sorted.taken).push(index);
  }
  return sorted;
}

/** Stays below the 64 KiB that the server accepts in a request. */
const BYTES_MOST = 48 * 1024;
const SEATS_MOST = 2000;

/**
 * Splits seat names into portions that fit into a request.
 * @param {readonly string[]} names @param {number} [bytesMost]
 * @returns {string[][]}
 */
export function portions(names, bytesMost = BYTES_MOST) {
  /** @type {string[][]} */
  const all = [];
  /** @type {string[]} */
  let portion = [];
  let bytes = 0;
  for (const name of names) {
    const size = new TextEncoder().encode(JSON.stringify(name)).length + 1;
    if (portion.length > 0 && (bytes + size > bytesMost || portion.length === SEATS_MOST)) {
      all.push(portion);
      portion = [];
      bytes = 0;
    }
    portion.push(name);
    bytes += size;
  }
  if (portion.length > 0) all.push(portion);
  return all;
}

/**
 * Blocks any number of seats while others buy. Seats that are taken meanwhile are skipped and counted.
 * @param {readonly string[]} names
 * @param {(names: string[]) => Promise<unknown>} block
 * @param {(error: unknown) => string[] | undefined} takenOf the seats that a refusal reports as taken, if it does
 * @returns {Promise<{ done: number, taken: number, error?: unknown }>} `error`: what stopped it early
 */
export async function blockAll(names, block, takenOf) {
  const result = { done: 0, taken: 0 };
  for (let portion of portions(names)) {
    while (portion.length > 0) {
      try {
        await block(portion);
        result.done += portion.length;
        break;
      } catch (error) {
        const taken = new Set(takenOf(error) ?? []);
        const rest = portion.filter((name) => !taken.has(name));
        if (rest.length === portion.length) return { ...result, error };
        result.taken += portion.length - rest.length;
        portion = rest;
      }
    }
  }
  return result;
}
