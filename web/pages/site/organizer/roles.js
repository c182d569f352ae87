/** @typedef {import("../../../client/src/types.js").StaffRole} StaffRole */

/** Each may do all that those before it may. A door is for another page. */
const ORGANIZERS = /** @type {StaffRole[]} */ (["viewer", "box-office", "owner"]);

/** @type {StaffRole[]} as they are offered */
export const ROLES = ["box-office", "viewer", "owner", "door"];

/** @param {StaffRole} role @param {StaffRole} needed @returns {boolean} */
export const includes = (role, needed) => ORGANIZERS.slice(0, ORGANIZERS.indexOf(role) + 1).includes(needed);
