import assert from "node:assert/strict";
import test from "node:test";
import { routeOf } from "../site/fan/routes.js";
import { digitsOf, isCode, linkOf } from "../site/fan/mailed-code.js";

test("a code is six digits, however they are typed or pasted", () => {
  for (const text of ["123456", " 123 456 ", "123-456", "１２３４５６"]) assert.equal(digitsOf(text), "123456", text);
  for (const bad of ["", "12345", "1234567", "12345a", "١٢٣٤٥٦"]) assert.equal(isCode(digitsOf(bad)), false, bad);
  assert.equal(isCode("000000"), true);
});

test("the mail's link carries both, or counts as none", () => {
  assert.deepEqual(linkOf("#email=a%2Bb%40c.de&code=123456"), { email: "a+b@c.de", code: "123456" });
  const long = "abcdefghijklmnop".repeat(2);
  assert.deepEqual(linkOf(`#email=a@b.c&code=${long}`), { email: "a@b.c", code: long });
  for (const bad of [`#email=a@b.c&code=${long}a`, "", "#", "#email=a@b.c", "#code=123456", "#email=a@b.c&code=12345", "#email=&code=123456"]) {
    assert.equal(linkOf(bad), undefined, bad);
  }
  assert.deepEqual(routeOf("/sign-in"), { name: "signIn" });
  assert.deepEqual(routeOf("/sign-in/x"), { name: "missing" });
});
