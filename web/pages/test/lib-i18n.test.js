import assert from "node:assert/strict";
import test from "node:test";
import { addCatalog, formatSpan, formatThere, moneyWords, setLanguage, t } from "../site/lib/i18n.js";

addCatalog({
  en: { "test.paid": "{amount} was paid.", "test.seat": "{section}, seat {seat}", "test.found.one": "one", "test.found.other": "{count}" },
  ko: {
    "test.paid": "{amount:을} 결제하고 {amount:이} 남아 {amount:은} 그대로입니다.",
    "test.seat": "{section:구역} {seat:번}",
    "test.found.one": "하나",
    "test.found.other": "{count}개",
  },
});

test("Korean particles follow the sound of what is before them", () => {
  setLanguage("ko");
  const paid = (amount) => t("test.paid", { amount });
  assert.equal(paid("396,000원"), "396,000원을 결제하고 396,000원이 남아 396,000원은 그대로입니다.");
  assert.equal(paid("3유로"), "3유로를 결제하고 3유로가 남아 3유로는 그대로입니다.");
  // 십이, 십삼.
  assert.equal(paid("12"), "12를 결제하고 12가 남아 12는 그대로입니다.");
  assert.equal(paid("13"), "13을 결제하고 13이 남아 13은 그대로입니다.");
  assert.equal(paid(""), "를 결제하고 가 남아 는 그대로입니다.");
});

test("a unit follows unless the name has it; one may be said otherwise than several", () => {
  setLanguage("ko");
  assert.equal(t("test.seat", { section: "F2", seat: "7" }), "F2구역 7번");
  assert.equal(t("test.seat", { section: "가구역", seat: "7번" }), "가구역 7번");
  assert.equal(t("test.seat", { section: "플로어", seat: "5, 7" }), "플로어 5, 7번");
  assert.equal(t("test.seat", { section: "가", seat: "7" }), "가구역 7번");
  assert.equal(t("test.found", { count: 1 }), "하나");
  assert.equal(t("test.found", { count: 2 }), "2개");
  setLanguage("en");
  assert.equal(t("test.seat", { section: "F2", seat: "7" }), "F2, seat 7");
});

test("money and spans of time as sentences have them", () => {
  setLanguage("ko");
  assert.equal(moneyWords(396_000, "KRW"), "396,000원");
  assert.equal(moneyWords(1250, "USD"), "12.50달러");
  assert.equal(moneyWords(1000, "JPY"), "1,000엔");
  assert.match(moneyWords(1250, "CHF"), /12\.50/);
  assert.deepEqual([formatSpan(300), formatSpan(90)], ["5분", "90초"]);
  setLanguage("en");
  assert.equal(moneyWords(396_000, "KRW"), "₩396,000");
  assert.deepEqual([formatSpan(300), formatSpan(60), formatSpan(90)], ["5 minutes", "1 minute", "90 seconds"]);
});

test("a moment is told by the venue's clocks, and by one's own where they differ", () => {
  setLanguage("en");
  const moment = "2030-03-01T10:00:00.000Z";
  const own = Intl.DateTimeFormat().resolvedOptions().timeZone;
  assert.deepEqual(formatThere(moment, own), formatThere(moment, undefined));
  const far = formatThere(moment, own === "Asia/Seoul" ? "America/New_York" : "Asia/Seoul");
  assert.notEqual(far.zone, "");
  assert.notEqual(far.own, "");
  const unknown = formatThere(moment, "Nowhere/Land");
  assert.deepEqual([unknown.zone, unknown.own], ["", ""]);
});
