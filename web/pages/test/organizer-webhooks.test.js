import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { organizerCatalog } from "../site/catalog/organizer.js";
import { addCatalog, setLanguage } from "../site/lib/i18n.js";
import { fromServer, reasonWords } from "../site/organizer/fault-words.js";
import { parseRoute } from "../site/organizer/routes.js";
import { storyWords } from "../site/organizer/story-words.js";
import { EVERYTHING, TYPES, attemptWords, typeMeaning, typesWords } from "../site/organizer/webhook-words.js";

addCatalog(organizerCatalog);

test("the types are those of the bus, each with words in both languages", () => {
  const source = readFileSync(new URL("../../../Sources/OnsaleBus/CloudEvent.swift", import.meta.url), "utf8");
  const [declared = ""] = /enum EventType[^}]*?public var/s.exec(source) ?? [];
  assert.deepEqual(TYPES, [...declared.matchAll(/case \w+ = "(onsale\.[^"]+)"/g)].map((match) => match[1]));
  for (const language of /** @type {const} */ (["en", "ko"])) {
    setLanguage(language);
    for (const type of TYPES) assert.doesNotMatch(typeMeaning(type), /^org\./, type);
  }
});

test("what an endpoint is told is said in short", () => {
  setLanguage("en");
  assert.equal(typesWords([EVERYTHING]), "everything");
  assert.equal(typesWords(["onsale.order.confirmed.v1", "onsale.mail.*"]), "order.confirmed, mail.*");
});

test("outcomes of attempts have words; an unknown one stays as it is", () => {
  setLanguage("en");
  assert.equal(attemptWords({ outcome: "refused", status: 503 }), "refused, HTTP 503");
  assert.equal(attemptWords({ outcome: "unreachable-name", status: null }), "no such host");
  assert.equal(attemptWords({ outcome: "unheard-of", status: null }), "unheard-of");
  setLanguage("ko");
  assert.equal(attemptWords({ outcome: "delivered", status: 200 }), "수신됨, HTTP 200");
});

test("the server's refusals of an address are translated", () => {
  const source = readFileSync(
    new URL("../../../Sources/OnsaleWebhooks/Address/WebhookURL.swift", import.meta.url),
    "utf8",
  );
  const sentences = [...source.matchAll(/"(the URL[^"]*)"/g)].map((match) => match[1].replace(/\\\(.*?\)/, "2048"));
  assert.ok(sentences.length >= 8, sentences.join("; "));
  setLanguage("ko");
  for (const detail of sentences) {
    const fault = fromServer({ pointer: "/url", detail });
    assert.notEqual(fault.reason, "verbatim", detail);
    assert.match(reasonWords(fault, {}), /[가-힣]/, detail);
  }
});

test("the services' steps are told in the page's language, reasons of others as they came", () => {
  setLanguage("ko");
  assert.deepEqual(storyWords({ what: "Mail sent", detail: "It told of: tickets." }), {
    what: "메일 발송", detail: "티켓을 보냈습니다.", isBad: false, whatIsOurs: true, detailIsOurs: true,
  });
  assert.deepEqual(storyWords({ what: "Mail came back", detail: "550 No such user" }), {
    what: "메일 반송", detail: "550 No such user", isBad: true, whatIsOurs: true, detailIsOurs: false,
  });
  assert.deepEqual(storyWords({ what: "Hold made", detail: "Seat A." }), {
    what: "Hold made", detail: "Seat A.", isBad: false, whatIsOurs: false, detailIsOurs: false,
  });
});

test("the services' steps are those that the server tells", () => {
  const source = readFileSync(new URL("../../../Sources/onsale/Roles/FulfilmentNotes.swift", import.meta.url), "utf8");
  setLanguage("ko");
  const told = [...source.matchAll(/case \.\w+: \("([^"]+)", (?:reason \?\? )?"([^"\\]+)/g)];
  assert.equal(told.length, 6);
  for (const [, what, detail] of told) {
    const words = storyWords({ what, detail });
    assert.equal(words.whatIsOurs, true, what);
    if (!detail.startsWith("It told of")) assert.equal(words.detailIsOurs, true, detail);
  }
});

test("the addresses of the pages", () => {
  assert.deepEqual(parseRoute("/organizer/webhooks"), { name: "webhooks" });
  assert.deepEqual(parseRoute("/organizer/webhooks/x"), { name: "unknown" });
  assert.deepEqual(parseRoute("/organizer/events/e/settlement"), { name: "event", event: "e", tab: "settlement" });
});
