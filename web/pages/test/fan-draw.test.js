import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import test from "node:test";
import { checkDraw, draw } from "../site/fan/draw.js";
import { solve, zeroBits } from "../site/fan/proof.js";
import { sha256, toHex } from "../site/fan/sha256.js";

const vectors = JSON.parse(readFileSync(new URL("../../../docs/draw-vectors.json", import.meta.url), "utf8"));

test("SHA-256 agrees with node's at every length around its block boundaries", () => {
  for (let length = 0; length <= 200; length += 1) {
    const bytes = Uint8Array.from({ length }, (_, index) => (index * 7 + length) & 255);
    assert.equal(toHex(sha256(bytes)), createHash("sha256").update(bytes).digest("hex"), `${length} bytes`);
  }
});

test("the draw matches the published test vectors", async () => {
  for (const vector of vectors.draws) {
    const numbers = await draw(vectors.seed, vector.n);
    const text = Array.from(numbers, (number) => `${number}\n`).join("");
    assert.equal(createHash("sha256").update(text).digest("hex"), vector.sha256, `n = ${vector.n}`);
  }
});

const published = {
  seed: vectors.seed, commitment: vectors.commitment, seenCommitment: vectors.commitment, size: 10, lobbyIndex: 0,
  number: 9,
};

test("a correct draw agrees", async () => {
  assert.deepEqual(await checkDraw(published), {
    isSeedCommitted: true, isCommitmentSeen: true, number: 9, agrees: true,
  });
  assert.equal((await checkDraw({ ...published, seenCommitment: undefined })).agrees, true);
});

test("a wrong number, seed, commitment or size is detected", async () => {
  assert.equal((await checkDraw({ ...published, number: 8 })).agrees, false);
  assert.equal((await checkDraw({ ...published, seed: `ff${vectors.seed.slice(2)}` })).agrees, false);
  assert.equal((await checkDraw({ ...published, seenCommitment: "00".repeat(32) })).agrees, false);
  assert.equal((await checkDraw({ ...published, size: 11 })).agrees, false);
  assert.equal((await checkDraw({ ...published, seed: "no hex" })).agrees, false);
});

test("a join challenge is solved", async () => {
  const proof = await solve("onsale-join:e:byr_1:", 10);
  const digest = createHash("sha256").update(`onsale-join:e:byr_1:${proof}`).digest();
  assert.ok(zeroBits(digest) >= 10);
  assert.equal(zeroBits(Uint8Array.from([0, 0x10, 255])), 11);
  assert.equal(zeroBits(Uint8Array.from([0x80])), 0);
});
