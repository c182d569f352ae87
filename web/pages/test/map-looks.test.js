import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { mapCatalog } from "../site/catalog/map.js";
import { setLanguage } from "../site/lib/i18n.js";
import { contrast, GROUNDS, inkOn, legible, mix, tint } from "../site/map/colors.js";
import { Look, Scene } from "../site/map/looks.js";
import { freeWord, seatSentence, sectionWords } from "../site/map/words.js";
import { exampleChart, statesWith } from "./map-plans.js";

function scene() {
  const chart = exampleChart("arena");
  return new Scene(chart, statesWith(chart.seatCount));
}

test("a seat looks like its state, but a chosen one looks chosen", () => {
  const shown = scene();
  for (const [index, state] of [".", "h", "x", "b"].entries()) shown.states.codes[index] = state.charCodeAt(0);
  assert.deepEqual([0, 1, 2, 3].map((index) => shown.lookOf(index)), [Look.free, Look.held, Look.sold, Look.blocked]);
  shown.mine = new Set([1, 2]);
  shown.selected = new Set([2]);
  assert.deepEqual([1, 2].map((index) => shown.lookOf(index)), [Look.mine, Look.picked]);
  shown.filter = "R";
  assert.equal(shown.lookOf(0), Look.dim);
});

test("a fan can pick free seats and their own; the organizer can pick any", () => {
  const shown = scene();
  for (const [index, state] of [".", "h", "x", "b"].entries()) shown.states.codes[index] = state.charCodeAt(0);
  const pickable = () => [0, 1, 2, 3].map((index) => shown.isPickable(index));
  assert.deepEqual(pickable(), [true, false, false, false]);
  shown.mine = new Set([1]);
  assert.deepEqual(pickable(), [true, true, false, false]);
  shown.mode = "manage";
  assert.deepEqual(pickable(), [true, true, true, true]);
});

test("free seats are counted by section and by category", () => {
  const shown = scene();
  assert.equal(shown.countFree()[0], 130);
  shown.states.codes[0] = "x".charCodeAt(0);
  assert.equal(shown.countFree()[0], 129);
  shown.filter = "R";
  assert.deepEqual(shown.countFree().slice(0, 5), [0, 0, 0, 0, 130]);
});

test("a seat describes itself fully, in both languages", () => {
  const shown = scene();
  const index = /** @type {number} */ (shown.chart.indexOf("F1-3-12"));
  setLanguage("en");
  assert.equal(seatSentence(shown, index), "F1, row 3, seat 12, VIP, ₩198,000, free");
  assert.deepEqual(sectionWords(shown, 0, 1), { price: "from ₩198,000", free: "1 free" });
  setLanguage("ko");
  assert.equal(seatSentence(shown, index), "F1구역 3열 12번, VIP, ₩198,000, 선택 가능");
  assert.equal(freeWord(1234, undefined), "잔여 1,234석");
  setLanguage("en");
  assert.equal(freeWord(0, "R"), "none free in R");
});

test("both languages have the same strings, except for plurals, which Korean lacks", () => {
  const base = (/** @type {Record<string, string>} */ catalog) =>
    [...new Set(Object.keys(catalog).map((key) => key.replace(/\.(one|other)$/, "")))].sort();
  assert.deepEqual(base(mapCatalog.ko), base(mapCatalog.en));
});

test("a seat's number is readable on any color, in both schemes", () => {
  for (const color of ["#7c3aed", "#e11d48", "#f59e0b", "#10b981", "#0ea5e9", "#808080", "#ffffff", "#000000"]) {
    assert.ok(contrast(color, inkOn(color)) >= 4.5, color);
  }
  assert.equal(mix("#000000", "#fff", 0.5), "#808080");
});

const SHEET = readFileSync(new URL("../site/styles/map.css", import.meta.url), "utf8");

/** A small generator, so that a failure can be repeated. @param {number} seed */
function random(seed) {
  let state = seed;
  return () => (state = (state * 1_103_515_245 + 12_345) % 2 ** 31) / 2 ** 31;
}

test("seats of any color stand out from their ground, whatever tint it has, in both schemes", () => {
  const next = random(7);
  const color = () => `#${Math.floor(next() * 0x1000000).toString(16).padStart(6, "0")}`;
  for (const ground of Object.values(GROUNDS)) {
    for (const own of ["#ffffff", "#000000", "#f59e0b", "#10b981", ...Array.from({ length: 300 }, color)]) {
      for (const most of ["#ffffff", "#000000", color()]) {
        const found = contrast(legible(own, ground), tint(ground, most));
        assert.ok(found >= 3, `${own} on ${ground} tinted by ${most}: ${found.toFixed(2)}`);
      }
    }
  }
});

test("a color that is legible already stays as the organizer chose it", () => {
  assert.equal(legible("#7c3aed", GROUNDS.light), "#7c3aed");
  assert.equal(legible("#f59e0b", GROUNDS.dark), "#f59e0b");
});

test("every state's color stands out from the ground of maps, in both schemes", () => {
  for (const [scheme, ground] of Object.entries(GROUNDS)) {
    const [light, dark] = SHEET.split("@media (prefers-color-scheme: dark)");
    const rules = /** @type {string} */ (scheme === "light" ? light : dark);
    assert.equal(/--map-section: (#\w+)/.exec(rules)?.[1], ground);
    for (const state of ["free", "held", "sold", "blocked"]) {
      const color = new RegExp(`--state-${state}: (#\\w+)`).exec(rules)?.[1] ?? "none";
      assert.ok(contrast(color, tint(ground, scheme === "light" ? "#000000" : "#ffffff")) >= 3, `${scheme} ${state} ${color}`);
    }
  }
});
