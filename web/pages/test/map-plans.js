import { readFileSync } from "node:fs";
import { SeatStates } from "../../client/src/index.js";
import { SeatingChart } from "../site/map/chart.js";

const amounts = { VIP: 198000, R: 165000, S: 143000, A: 110000, Standing: 132000 };

/** @param {"arena" | "theatre"} name */
export function examplePlan(name) {
  return JSON.parse(readFileSync(new URL(`../../../Sources/onsale/Examples/${name}.json`, import.meta.url), "utf8"));
}

/** @param {"arena" | "theatre"} name */
export function exampleChart(name) {
  return new SeatingChart(examplePlan(name), {
    currency: "KRW",
    prices: Object.entries(amounts).map(([category, amount]) => ({ category, amount })),
    areas: name === "arena" ? [{ name: "Standing", capacity: 3000, category: "Standing" }] : [],
  });
}

/** @param {number} count @param {number[]} [sold] indexes of sold seats; the others are free */
export function statesWith(count, sold = []) {
  const states = new SeatStates();
  states.replace({ version: 1, seats: ".".repeat(count), areas: [] });
  for (const index of sold) states.codes[index] = "x".charCodeAt(0);
  return states;
}
