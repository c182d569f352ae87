/**
 * Stores the seating-plan file of the draft event so that it survives a reload. It is too large for `sessionStorage`.
 * Without IndexedDB the file has to be chosen again.
 */

const DATABASE = "onsale.organizer";
const STORE = "plan";
const KEY = "draft";

/** @typedef {{ name: string, bytes: ArrayBuffer }} PlanFile */

/** @returns {Promise<IDBDatabase>} */
function open() {
  return new Promise((resolve, reject) => {
    const request = indexedDB.open(DATABASE, 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}

/**
 * @template Value
 * @param {IDBTransactionMode} mode @param {(store: IDBObjectStore) => IDBRequest<Value>} work
 * @returns {Promise<Value | undefined>} undefined if it can't be done
 */
async function inStore(mode, work) {
  try {
    const database = await open();
    try {
      return await new Promise((resolve, reject) => {
        const request = work(database.transaction(STORE, mode).objectStore(STORE));
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    } finally {
      database.close();
    }
  } catch {
    return undefined;
  }
}

/** @returns {Promise<PlanFile | undefined>} */
export async function keptPlan() {
  const file = await inStore("readonly", (store) => store.get(KEY));
  return typeof file?.name === "string" && file.bytes instanceof ArrayBuffer ? file : undefined;
}

/** @param {PlanFile | undefined} file */
export async function keepPlan(file) {
  await inStore(
    "readwrite",
    (store) => /** @type {IDBRequest<any>} */ (file ? store.put(file, KEY) : store.delete(KEY)),
  );
}
