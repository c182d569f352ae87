import OnsaleBus
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleWebhooks

@Suite struct SigningTests {
    private let now = Timestamp(milliseconds: 1_800_000_000_123)

    private func message() throws -> WebhookMessage {
        try WebhookMessage(
            CloudEvent(
                id: "evt/1", type: .orderConfirmed, subject: "ord_1", time: now, key: "evt", data: Array("{}".utf8)))
    }

    @Test func aSecretComesBackAsItWasAndNothingElseIsOne() throws {
        var random = SeededRandom(seed: 1)
        let secret = WebhookSecret(using: &random)
        #expect(try WebhookSecret(text: secret.text) == secret)
        #expect("\(secret)" == "whsec_[secret]")
        for count in [0, 23, 65] {
            #expect(throws: WebhookSecret.Malformed.self) {
                try WebhookSecret(bytes: [UInt8](repeating: 1, count: count))
            }
        }
        for text in ["", "whsec_", "whsec_AAAA", String(secret.text.dropFirst()), secret.text + "=", secret.text + " "]
        {
            #expect(throws: WebhookSecret.Malformed.self) { try WebhookSecret(text: text) }
        }
    }

    @Test func aReplacedSecretSignsForADayMore() throws {
        var random = SeededRandom(seed: 2)
        let (old, new) = (WebhookSecret(using: &random), WebhookSecret(using: &random))
        let secrets = SigningSecrets(old).rotated(to: new, at: now)
        #expect(secrets.valid(at: now) == [new, old])
        #expect(secrets.valid(at: now.adding(seconds: 86_399)) == [new, old])
        #expect(secrets.valid(at: now.adding(seconds: 86_400)) == [new])
        let headers = try WebhookSignature.headers(message().body, id: message().id, at: now, with: secrets)
        #expect(headers.last?.value.split(separator: " ").count == 2)
        #expect(headers[1].value == "1800000000")
    }

    @Test func aCopyOfAnEventIsTheSameMessage() throws {
        let (first, copy) = (try message(), try message())
        #expect(first == copy)
        #expect(WebhookID(text: first.id.text) == first.id)
        #expect(WebhookID(text: "msg_1.2") == nil)
    }

    @Test func aFilterWantsWhatItNames() throws {
        let filter = try EndpointFilter(["onsale.order.*", "onsale.mail.sent.v1"])
        let wanted = EventType.allCases.filter(filter.wants)
        #expect(wanted.count == 7 && filter.wants(.mailSent) && !filter.wants(.mailBounced))
        let all = try EndpointFilter(["*"])
        #expect(EventType.allCases.allSatisfy(all.wants))
        for patterns in [[], ["onsale.*.v1"], ["*.*"], ["onsale.orders.*"], [""], ["onsale.order."]] {
            #expect(throws: EndpointFilter.Malformed.self) { try EndpointFilter(patterns) }
        }
    }
}
