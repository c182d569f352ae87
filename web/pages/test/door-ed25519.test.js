import assert from "node:assert/strict";
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import test from "node:test";
import { verifyEd25519 } from "../site/door/ed25519.js";
import { sha512 } from "../site/door/sha512.js";

const bytes = (/** @type {string} */ hex) => Uint8Array.from(Buffer.from(hex, "hex"));

// RFC 8032, 7.1
const VECTORS = [
  {
    name: "TEST 1",
    key: "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a",
    message: "",
    signature:
      "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  },
  {
    name: "TEST 2",
    key: "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c",
    message: "72",
    signature:
      "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
  },
  {
    name: "TEST 3",
    key: "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025",
    message: "af82",
    signature:
      "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
  },
  {
    name: "TEST SHA(abc)",
    key: "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
    message:
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    signature:
      "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b58909351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704",
  },
];
for (const { name, key, message, signature } of VECTORS) {
  test(`RFC 8032, ${name}`, () => {
    assert.equal(verifyEd25519(bytes(key), bytes(message), bytes(signature)), true);
    const other = bytes(`${message}00`);
    assert.equal(verifyEd25519(bytes(key), other, bytes(signature)), false, "another message");
    for (const at of [0, 31, 32, 62]) {
      const changed = bytes(signature);
      changed[at] ^= 1;
      assert.equal(verifyEd25519(bytes(key), bytes(message), changed), false, `byte ${at} changed`);
    }
  });
}

test("refuses an unreduced scalar, which would make signatures malleable", () => {
  const { key, message, signature } = VECTORS[1];
  const order = 2n ** 252n + 27742317777372353535851937790883648493n;
  const changed = bytes(signature);
  const s = [...changed.subarray(32)].reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n) + order;
  for (let i = 0; i < 32; i += 1) changed[32 + i] = Number((s >> BigInt(8 * i)) & 255n);
  assert.equal(verifyEd25519(bytes(key), bytes(message), changed), false);
});

test("refuses keys and signatures of the wrong length, and invalid points", () => {
  const { key, message, signature } = VECTORS[1];
  assert.equal(verifyEd25519(bytes(key).subarray(1), bytes(message), bytes(signature)), false);
  assert.equal(verifyEd25519(bytes(key), bytes(message), bytes(signature).subarray(1)), false);
  assert.equal(verifyEd25519(new Uint8Array(32).fill(255), bytes(message), bytes(signature)), false);
  assert.equal(verifyEd25519(bytes(`02${"00".repeat(31)}`), bytes(message), bytes(signature)), false);
});

test("verifies signatures made by node", () => {
  for (let round = 0; round < 10; round += 1) {
    const { publicKey, privateKey } = generateKeyPairSync("ed25519");
    const raw = Uint8Array.from(publicKey.export({ type: "spki", format: "der" }).subarray(-32));
    const message = new TextEncoder().encode("좌석 ".repeat(round * 7));
    assert.equal(verifyEd25519(raw, message, Uint8Array.from(sign(null, message, privateKey))), true);
  }
});

test("SHA-512 agrees with node's at every length around its block boundaries", () => {
  for (const length of [0, 1, 3, 111, 112, 113, 127, 128, 129, 239, 240, 256, 1000]) {
    const message = Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 255);
    assert.equal(Buffer.from(sha512(message)).toString("hex"), createHash("sha512").update(message).digest("hex"));
  }
});
