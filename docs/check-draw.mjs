#!/usr/bin/env node
// Checks the draw of a waiting room; docs/draw.md says what it must be.
//
//   check-draw.mjs URL EVENT [--lobby-index I]            what the server at URL has published for EVENT
//   check-draw.mjs --seed HEX --size N [--lobby-index I]  values that were published, without a server
//   check-draw.mjs --self-test                            this program, against draw-vectors.json beside it
//
// Exit status: 0 all agrees, 1 something does not, 2 no draw yet, no server, or bad arguments.

import { webcrypto } from "node:crypto";
import { readFile } from "node:fs/promises";
import { isDeepStrictEqual, parseArgs } from "node:util";

const { subtle } = webcrypto;

// The draw begins. check-draw.mjs and check-draw.html have these lines in common.
const sha256 = async (bytes) => new Uint8Array(await subtle.digest("SHA-256", bytes));
const hexOf = (bytes) => Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
const bytesOf = (hex) => Uint8Array.from(hex.match(/../g), (digits) => parseInt(digits, 16));

function block(seed, k) {
  const message = new Uint8Array(40);
  message.set(seed);
  new DataView(message.buffer).setBigUint64(32, BigInt(k));
  return sha256(message);
}

async function* words(seed) {
  // Many blocks are hashed at a time, since waiting for each one alone takes more than twice as long.
  for (let k = 0, batch = 1; ; k += batch, batch = Math.min(2 * batch, 4096)) {
    for (const { buffer } of await Promise.all(Array.from({ length: batch }, (_, b) => block(seed, k + b)))) {
      for (let at = 0; at < 32; at += 4) yield new DataView(buffer).getUint32(at);
    }
  }
}

async function draw(seed, n) {
  const stream = words(seed), numbers = new Uint32Array(n).map((_, e) => e + 1);
  for (let i = n - 1; i > 0; i--) {
    const limit = 2 ** 32 - (2 ** 32 % (i + 1));
    let w;
    do w = (await stream.next()).value; while (w >= limit);
    const j = w % (i + 1);
    [numbers[i], numbers[j]] = [numbers[j], numbers[i]];
  }
  return numbers;
}

const linesOf = (numbers) => (numbers.length ? numbers.join("\n") + "\n" : "");
const hashOf = async (numbers) => hexOf(await sha256(new TextEncoder().encode(linesOf(numbers))));
// The draw ends.

/** What was published does not agree with itself. Exit status 1. */
class Disagreement extends Error {}
/** No draw yet, no server, or arguments that make no sense. Exit status 2. */
class NothingToCheck extends Error {}

function require(holds, message) {
  if (!holds) throw new Disagreement(message);
}

async function fetchBytes(url) {
  let answer;
  try {
    answer = await fetch(url, { signal: AbortSignal.timeout(60_000) });
    if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  } catch (error) {
    throw new NothingToCheck(`${url} can't be reached: ${error.cause?.message || error.message}`);
  }
  throw new NothingToCheck(`${url} answered ${answer.status}.`);
}

/** The seed and the entrants that the server has published, after all that can be checked without the draw. */
async function published(url, event) {
  const address = `${url.replace(/\/+$/, "")}/v1/events/${encodeURIComponent(event)}/waiting-room`;
  const answer = new TextDecoder().decode(await fetchBytes(address));
  let room;
  try {
    room = JSON.parse(answer);
  } catch {}
  if (typeof room !== "object" || room === null || Array.isArray(room)) {
    throw new NothingToCheck(`${address} did not answer with a JSON object.`);
  }
  const { drawCommitment: commitment, drawSeed, lobbySize, entrantsHash } = room;
  if (drawSeed == null) {
    throw new NothingToCheck(commitment
      ? `The draw has not happened. The commitment is ${commitment}: write it down.`
      : "This event has no draw: its lobby has not opened, or it has none.");
  }

  require(typeof drawSeed === "string" && /^[0-9a-f]{64}$/.test(drawSeed),
    `drawSeed is not 32 bytes in hex: ${drawSeed}`);
  const seed = bytesOf(drawSeed), seedHash = hexOf(await sha256(seed));
  require(commitment === seedHash, `drawCommitment is ${commitment}, but the seed's SHA-256 is ${seedHash}.`);
  console.log(`commitment  ${commitment} is the SHA-256 of the seed`);

  const text = await fetchBytes(`${address}/entrants`), textHash = hexOf(await sha256(text));
  require(entrantsHash === textHash, `entrantsHash is ${entrantsHash}, but the list's SHA-256 is ${textHash}.`);
  const entrants = new TextDecoder("utf-8", { ignoreBOM: true }).decode(text).split("\n");
  require(entrants.pop() === "", "The list's last line has no end.");
  require(lobbySize === entrants.length, `lobbySize is ${lobbySize}, but the list has ${entrants.length} entrants.`);
  require(new Set(entrants).size === entrants.length, "An entrant is on the list twice.");
  console.log(`entrants    ${entrantsHash} is the SHA-256 of the list of ${lobbySize}`);
  return { seed, entrants };
}

async function tell(seed, n, lobbyIndex, entrants) {
  require(lobbyIndex === undefined || lobbyIndex < n, `A lobby of ${n} has no lobbyIndex ${lobbyIndex}.`);
  const numbers = await draw(seed, n);
  console.log(`numbers     ${await hashOf(numbers)} is the SHA-256 of all ${n}`);
  if (lobbyIndex === undefined) {
    console.log(`first ten   ${numbers.slice(0, 10).join(" ") || "none"}`);
  } else {
    const entrant = entrants ? ` (${entrants[lobbyIndex]})` : "";
    console.log(`lobbyIndex  ${lobbyIndex}${entrant} has number ${numbers[lobbyIndex]}`);
  }
}

async function selfTest() {
  const beside = (name) => readFile(new URL(name, import.meta.url), "utf8");
  const vectors = JSON.parse(await beside("draw-vectors.json")), seed = bytesOf(vectors.seed);
  require(hexOf(await sha256(seed)) === vectors.commitment, "The commitment differs.");
  const stream = words(seed);
  for (const word of vectors.words) require((await stream.next()).value === word, "The words differ.");
  for (const vector of vectors.draws) {
    const numbers = await draw(seed, vector.n);
    const computed = { n: numbers.length, numbers: [...numbers.slice(0, 10)], first: [...numbers.slice(0, 3)],
      last: numbers[numbers.length - 1], sha256: await hashOf(numbers) };
    for (const [name, value] of Object.entries(vector)) {
      require(isDeepStrictEqual(computed[name], value), `n = ${vector.n}: ${name} differs.`);
    }
  }
  console.log(`${vectors.draws.length} draws agree with draw-vectors.json`);

  const [here, page] = (await Promise.all(["check-draw.mjs", "check-draw.html"].map(beside)))
    .map((text) => text.match(/^\/\/ The draw begins\.[^]*^\/\/ The draw ends\.$/m)?.[0]);
  require(here && here === page, "check-draw.html has another text of the draw.");
  console.log("check-draw.html has the same text of the draw");
}

function natural(name, text) {
  if (text === undefined) return undefined;
  if (/^[0-9]{1,10}$/.test(text) && Number(text) <= 2 ** 32) return Number(text);
  throw new NothingToCheck(`--${name} is not a whole number from 0 to 2^32.`);
}

function parsed() {
  const option = { type: "string" };
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { "lobby-index": option, seed: option, size: option, "self-test": { type: "boolean" } },
  });
  const [url, event] = positionals, { seed } = values;
  const online = positionals.length === 2, offline = seed !== undefined && values.size !== undefined;
  if ([online, offline, values["self-test"]].filter(Boolean).length !== 1 || (positionals.length && !online)) {
    throw new NothingToCheck("usage: check-draw.mjs URL EVENT | --seed HEX --size N | --self-test  [--lobby-index I]");
  }
  if (offline && !/^[0-9a-f]{64}$/.test(seed)) throw new NothingToCheck("--seed is not 64 lower-case hex digits.");
  return { url, event, seed, online, offline, size: natural("size", values.size),
    lobbyIndex: natural("lobby-index", values["lobby-index"]) };
}

try {
  const { url, event, seed: seedInHex, online, offline, size, lobbyIndex } = parsed();
  if (online) {
    const { seed, entrants } = await published(url, event);
    await tell(seed, entrants.length, lobbyIndex, entrants);
  } else if (offline) {
    const seed = bytesOf(seedInHex);
    console.log(`commitment  ${hexOf(await sha256(seed))} is the SHA-256 of the seed`);
    await tell(seed, size, lobbyIndex);
  } else {
    await selfTest();
  }
} catch (error) {
  console.error(error instanceof Disagreement ? `DOES NOT AGREE: ${error.message}` : error.message);
  process.exitCode = error instanceof Disagreement ? 1 : 2;
}
