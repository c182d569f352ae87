import assert from "node:assert/strict";
import test from "node:test";
import { categoriesInUse, checkDraft, copyOf, emptyDraft, isDraft, toRequest } from "../site/organizer/draft.js";
import { warningsOf } from "../site/organizer/draft-warnings.js";
import { localText, momentOf } from "../site/organizer/local-time.js";
import { parseMoney, writeMoney } from "../site/organizer/money-input.js";

const summary = {
  seats: 3,
  categories: [{ name: "A", color: undefined, seats: 3 }, { name: "Unused", color: undefined, seats: 0 }],
};
const sound = () => ({ ...emptyDraft(), title: "Night", startsAt: "2030-03-01T19:00", prices: { A: "1,000" } });
const pointers = (draft, about = summary) => checkDraft(draft, about).map(
  ({ pointer, reason }) => `${pointer} ${reason}`,
);

test("a valid draft has no faults", () => assert.deepEqual(pointers(sound()), []));

test("missing values are reported at their fields", () => {
  assert.deepEqual(pointers({ ...emptyDraft(), id: "No!", currency: "XX" }, { seats: 0, categories: [] }), [
    "/title missing",
    "/id slug",
    "/startsAt missing",
    "/currency currency",
    " nothingToSell",
  ]);
});

test("categories in use need a price, unused ones don't", () => {
  assert.deepEqual(categoriesInUse(summary, [{ name: "P", capacity: "1", category: " Standing " }, { name: "Q", capacity: "1", category: "A" }]), [
    "A",
    "Standing",
  ]);
  const draft = { ...sound(), areas: [{ name: "P", capacity: "10", category: "Standing" }] };
  assert.deepEqual(pointers(draft), ["/prices/1/amount price.missing"]);
  assert.deepEqual(pointers({ ...sound(), prices: { A: "12.50" } }), ["/prices/0/amount price.notWon"]);
});

test("areas are checked one by one", () => {
  const areas = [
    { name: "P", capacity: "0", category: "A" },
    { name: "P", capacity: "5", category: "" },
    { name: "", capacity: "1.5", category: "A" },
  ];
  assert.deepEqual(pointers({ ...sound(), areas }), [
    "/areas/0/capacity fromTo",
    "/areas/1/name twiceNamed",
    "/areas/1/category missing",
    "/areas/2/name missing",
    "/areas/2/capacity fromTo",
  ]);
});

test("times must be in order and numbers in range", () => {
  const draft = {
    ...sound(),
    opensAt: "2030-01-02T10:00",
    lobbyOpensAt: "2030-01-02T10:01",
    closesAt: "2030-01-02T10:00",
    maxActiveShoppers: "0",
    holdSeconds: "86401",
  };
  assert.deepEqual(pointers(draft), [
    "/onsale/lobbyOpensAt lobbyAfterOpening",
    "/onsale/closesAt closesBeforeOpening",
    "/onsale/maxActiveShoppers fromTo",
    "/limits/holdSeconds fromTo",
  ]);
});

test("the request has the input in the server's terms", () => {
  const draft = {
    ...sound(),
    title: " Night ",
    currency: "USD",
    prices: { A: "12.5" },
    opensAt: "2030-01-02T10:00",
    areas: [{ name: "P", capacity: "7", category: "A" }],
  };
  const plan = { categories: [], zones: [] };
  const request = toRequest(draft, plan, summary);
  assert.equal(request.title, "Night");
  assert.equal(request.seatingPlan, plan);
  assert.deepEqual(request.prices, [{ category: "A", amount: 1250 }]);
  assert.deepEqual(request.areas, [{ name: "P", capacity: 7, category: "A" }]);
  assert.equal(request.onsale.opensAt, new Date("2030-01-02T10:00").toISOString());
  assert.equal(request.onsale.closesAt, null);
  assert.ok(!("id" in request));
  assert.ok(
    !("opensAt" in toRequest(sound(), undefined, summary).onsale),
    "an empty opening is now, by the server's clock",
  );
});

test("optional numbers are sent only if given, and must be in range", () => {
  const onsale = (changes) => toRequest({ ...sound(), ...changes }, undefined, summary).onsale;
  assert.ok(!("passIdleSeconds" in onsale({})) && !("frontSeconds" in onsale({ frontSeconds: " " })));
  const { passIdleSeconds, frontSeconds } = onsale({ passIdleSeconds: "10", frontSeconds: "0" });
  assert.deepEqual([passIdleSeconds, frontSeconds], [10, 0]);
  assert.deepEqual(pointers({ ...sound(), passIdleSeconds: "3600", frontSeconds: "86400" }), []);
  assert.deepEqual(pointers({ ...sound(), passIdleSeconds: "9", frontSeconds: "86401" }), [
    "/onsale/passIdleSeconds fromTo",
    "/onsale/frontSeconds fromTo",
  ]);
});

test("a draft stored by an older page is ignored", () => {
  assert.ok(isDraft(JSON.parse(JSON.stringify(sound()))));
  assert.ok(!isDraft({ ...sound(), areas: [{ name: "P" }] }));
  assert.ok(!isDraft({ title: "Night" }));
  assert.ok(!isDraft(null));
});

test("money is parsed according to its currency", () => {
  assert.equal(parseMoney("198,000", "KRW"), 198000);
  assert.equal(parseMoney(" 198 000 ", "KRW"), 198000);
  assert.equal(parseMoney("12.5", "EUR"), 1250);
  assert.equal(parseMoney("0", "KRW"), 0);
  for (const text of ["", "12.5", "1,00", "-1", "1e3", "₩100", "9".repeat(20)]) assert.equal(
    parseMoney(text, "KRW"),
    undefined,
    text,
  );
  assert.equal(parseMoney("1", "won"), undefined);
});

test("a local time converts to UTC and back", () => {
  const moment = momentOf("2030-03-01T19:00");
  assert.equal(moment, new Date(2030, 2, 1, 19).toISOString());
  assert.equal(localText(moment), "2030-03-01T19:00");
  assert.equal(localText(null), "");
  assert.equal(momentOf("2030-03-01"), undefined);
  assert.equal(momentOf("2030-13-01T00:00"), undefined);
});

test("a time converts by the venue's clocks, across their changes and for any zone", () => {
  assert.equal(momentOf("2030-03-01T19:00", "Asia/Seoul"), "2030-03-01T10:00:00.000Z");
  assert.equal(momentOf("2030-07-01T19:00", "America/New_York"), "2030-07-01T23:00:00.000Z");
  assert.equal(momentOf("2030-01-01T05:45", "Asia/Kathmandu"), "2030-01-01T00:00:00.000Z");
  // The clocks skip from two to three.
  assert.equal(momentOf("2030-03-10T02:30", "America/New_York"), "2030-03-10T07:30:00.000Z");
  assert.equal(momentOf("2030-03-01T19:00", "Nowhere"), undefined);
  assert.equal(momentOf("2030-02-30T19:00", "UTC"), undefined);
  for (const zone of ["Asia/Seoul", "America/New_York", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]) {
    for (let month = 1; month <= 12; month += 1) {
      for (const hour of ["00", "02", "13", "23"]) {
        const text = `2030-${String(month).padStart(2, "0")}-15T${hour}:15`;
        assert.equal(localText(momentOf(text, zone), zone), text, zone);
      }
    }
  }
});

test("what nobody means is warned of, and nothing else", () => {
  const now = Date.parse("2030-01-01T00:00:00Z");
  const usual = () => ({ ...sound(), timeZone: "UTC", opensAt: "2030-02-01T10:00" });
  const hall = { ...summary, seats: 500 };
  const reasons = (changes, about = hall) => warningsOf({ ...usual(), ...changes }, about, now).map(({ reason }) => reason);
  assert.deepEqual(reasons({}), []);
  assert.deepEqual(reasons({ opensAt: "" }), []);
  assert.deepEqual(reasons({ opensAt: "2030-03-01T19:00" }), ["opensAfterShow"]);
  assert.deepEqual(reasons({ startsAt: "2029-12-31T19:00" }), ["startsInPast"]);
  assert.deepEqual(reasons({ closesAt: "2030-03-02T10:00" }), ["closesAfterShow"]);
  assert.deepEqual(reasons({ ticketsPerBuyer: "99999" }), ["ticketsPerBuyer"]);
  assert.deepEqual(reasons({ ticketsPerBuyer: "3" }, summary), ["ticketsPerBuyer"]);
  assert.deepEqual(reasons({ holdSeconds: "1", passSeconds: "1" }), ["holdSeconds", "passSeconds"]);
  assert.deepEqual(reasons({ passSeconds: "1", waitingRoom: false }), []);
  assert.deepEqual(reasons({ prices: { A: "0" } }), ["costsNothing"]);
});

test("a copy asks for the same event, but for its address", () => {
  const draft = {
    ...sound(), timeZone: "Asia/Seoul", opensAt: "2030-01-02T10:00", description: "One night.", ageLimit: "12",
    areas: [{ name: "P", capacity: "7", category: "A" }], prices: { A: "12.50" }, currency: "USD", id: "night",
    passIdleSeconds: "60", frontSeconds: "30",
  };
  const { id, ...request } = toRequest(draft, undefined, summary);
  assert.equal(id, "night");
  const event = { ...request, areas: request.areas ?? [] };
  assert.deepEqual(toRequest(copyOf(/** @type {any} */ (event)), undefined, summary), request);
  assert.equal(writeMoney(198000, "KRW"), "198000");
});
