import assert from "node:assert/strict";
import test from "node:test";
import { Problem } from "../../client/src/index.js";
import { Desk, NameNeeded } from "../site/organizer/desk.js";
import { ROLES, includes } from "../site/organizer/roles.js";

test("each organizer may do what those before may, and a door is none of them", () => {
  const may = Object.fromEntries(ROLES.map((role) => [role, ROLES.filter((needed) => includes(role, needed))]));
  assert.deepEqual(may, {
    viewer: ["viewer"],
    "box-office": ["box-office", "viewer"],
    owner: ["box-office", "viewer", "owner"],
    door: [],
  });
});

/** Answers as the server does when asked whose token it is. @param {object} caller */
function answering(caller) {
  globalThis.fetch = async () => new Response(JSON.stringify(caller), { headers: { "content-type": "application/json" } });
}

test("an account goes by its own name; a shared token needs one; a door is turned away", async () => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  const desk = new Desk(async () => {});
  answering({ id: "acc_1", name: "Kim Minji", role: "box-office" });
  await desk.signIn("onsale_staff_1", "Lee");
  assert.equal(desk.session.name, "Kim Minji");
  assert.deepEqual([desk.may("viewer"), desk.may("box-office"), desk.may("owner")], [true, true, false]);
  // Another page of the same tab.
  assert.equal(new Desk(async () => {}).session.role, "box-office");
  answering({ id: null, name: "organizer", role: "owner" });
  await assert.rejects(desk.signIn("shared", ""), NameNeeded);
  await desk.signIn("shared", "Lee");
  assert.deepEqual([desk.session.name, desk.session.account, desk.may("owner")], ["Lee", null, true]);
  answering({ id: "acc_2", name: "Gate B", role: "door" });
  await assert.rejects(desk.signIn("onsale_staff_2", ""), (error) => error.status === 403);
  assert.equal(desk.session.name, "Lee");
  desk.signOut();
  assert.equal(desk.may("viewer"), false);
});

test("what a revoked token was to do is done once the same person has signed in again, but in nobody else's name", async () => {
  const kept = new Map();
  globalThis.sessionStorage = { getItem: (key) => kept.get(key) ?? null, setItem: (key, value) => kept.set(key, value), removeItem: (key) => kept.delete(key) };
  let next = { id: "acc_1", name: "Kim Minji", role: "box-office" };
  let asked = 0;
  const desk = new Desk(async () => {
    asked += 1;
    answering(next);
    await desk.signIn("new", "");
  });
  answering(next);
  await desk.signIn("old", "");
  const done = [];
  const work = async (client, token) => {
    if (token === "old") throw new Problem({ type: "/problems/unauthenticated", title: "Revoked.", status: 401 });
    done.push(token);
  };
  await Promise.all([desk.call(work), desk.call(work)]);
  assert.deepEqual([asked, done], [1, ["new", "new"]]);
  desk.renew("old");
  assert.equal(new Desk(async () => {}).session.token, "old");
  next = { id: "acc_2", name: "Lee", role: "owner" };
  await assert.rejects(desk.call(work), (error) => error.status === 401);
  assert.deepEqual([asked, done.length, desk.session.name], [2, 2, "Lee"]);
});
