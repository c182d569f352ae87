import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import test from "node:test";
import { doorCatalog } from "../site/catalog/door.js";

const base = (key) => key.replace(/\.(one|other)$/, "");
const names = (text) => [...text.matchAll(/\{(\w+)(?::[^}]+)?\}/g)].map((match) => match[1]).sort();

test("both languages have the same strings with the same placeholders", () => {
  const { en, ko } = doorCatalog;
  assert.deepEqual([...new Set(Object.keys(en).map(base))].sort(), [...new Set(Object.keys(ko).map(base))].sort());
  for (const [key, text] of Object.entries(ko)) assert.deepEqual(names(text), names(en[key]), key);
});

test("every string is used, and every used string exists", () => {
  const folder = new URL("../site/door/", import.meta.url);
  const modules = readdirSync(folder).filter((name) => name.endsWith(".js"));
  const source = modules.map((name) => readFileSync(new URL(name, folder), "utf8")).join("\n");
  const asked = [...source.matchAll(/\bt\(\s*"([\w.]+)"/g)].map((match) => match[1]);
  const named = new Set([...source.matchAll(/"(door\.[\w.]+)"/g)].map((match) => match[1]));
  const prefixes = [...source.matchAll(/`(door\.[\w.]+\.)\$\{/g)].map((match) => match[1]);
  const known = new Set(Object.keys(doorCatalog.en).map(base));
  assert.ok(asked.length > 30);
  for (const key of asked) assert.ok(known.has(key), key);
  for (const key of known) {
    assert.ok(named.has(key) || prefixes.some((prefix) => key.startsWith(prefix)), `${key} is not used`);
  }
});
