/**
 * @typedef {import("../../../client/src/types.js").OrganizerOrder} OrganizerOrder
 * @typedef {import("../../../client/src/types.js").OrderPage} OrderPage
 */

/**
 * Whether an order matches a query: part of its number or its buyer's, or a seat or area of its tickets.
 * @param {OrganizerOrder} order @param {string} query
 */
export function matchesOrder(order, query) {
  const wanted = query.trim().toLowerCase();
  if (wanted === "") return false;
  if (order.order.toLowerCase().includes(wanted) || (order.buyer ?? "").toLowerCase().includes(wanted)) return true;
  return order.tickets.some((ticket) => [ticket.seat, ticket.area].some((place) => place?.toLowerCase() === wanted));
}

/**
 * The progress of a search.
 * @typedef {object} Search
 * @property {OrganizerOrder[]} found
 * @property {number} looked how many orders were checked
 * @property {string | null} next where to continue; null once all were checked
 */

/** @returns {Search} */
export const newSearch = () => ({ found: [], looked: 0, next: null });

/**
 * Searches the orders page by page, because the server has no index by buyer or seat.
 *
 * @param {object} options
 * @param {string} options.query
 * @param {(after: string | undefined) => Promise<OrderPage>} options.page
 * @param {Search} [options.from] where to continue from
 * @param {number} [options.pagesMost] the most pages to load for now
 * @param {number} [options.foundMost] how many more matches to stop at
 * @param {(search: Search) => void} [options.onProgress]
 * @param {() => boolean} [options.isCancelled]
 * @returns {Promise<Search>}
 */
export async function searchOrders(options) {
  const { query, page, pagesMost = 20, foundMost = 100 } = options;
  let search = options.from ?? newSearch();
  const before = search.found.length;
  for (let pages = 0; pages < pagesMost; pages += 1) {
    const { orders, next } = await page(search.next ?? undefined);
    if (options.isCancelled?.()) return search;
    search = {
      found: [...search.found, ...orders.filter((order) => matchesOrder(order, query))],
      looked: search.looked + orders.length,
      next,
    };
    options.onProgress?.(search);
    // A full number identifies a single order.
    const isThatOne = search.found.some((order) => order.order === query.trim());
    if (isThatOne) return { ...search, next: null };
    if (next === null || search.found.length - before >= foundMost) return search;
  }
  return search;
}
