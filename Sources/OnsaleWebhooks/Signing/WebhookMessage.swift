import Crypto
import Foundation
package import OnsaleBus
import OnsaleValues

/// Names a message for ever, whoever gets it and however often: `msg_` and hexadecimal digits.
package struct WebhookID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let text: String

    /// The same for every copy of an event, so that what comes twice on the bus is one message.
    package init(of event: CloudEvent) {
        text = "msg_" + Hex.encode(Array(SHA256.hash(data: Array(event.identity.utf8)).prefix(16)))
    }

    /// - Returns: nil for what is no such ID. It never has a full stop, which would blur what is signed.
    package init?(text: String) {
        guard text.utf8.count == 36, text.hasPrefix("msg_"),
            text.utf8.dropFirst(4).allSatisfy({ (0x30...0x39).contains($0) || (0x61...0x66).contains($0) })
        else { return nil }
        self.text = text
    }

    package var description: String { text }

    package static func < (left: WebhookID, right: WebhookID) -> Bool { left.text < right.text }
}

/// What endpoints get: an event of the bus in the form that the specification recommends,
/// `{"type": …, "timestamp": …, "data": …}`, to the byte the same for every endpoint and attempt.
package struct WebhookMessage: Hashable, Sendable {
    /// What stays here, wherever in the data it is. Whoever has a ticket's barcode gets in, so it goes to the buyer
    /// alone; what an order carries to prove eligibility is for those who check that.
    private static let withheld: Set<String> = ["barcode", "proof"]
    /// Deeper data is nobody's message.
    private static let depthMax = 32

    package let id: WebhookID
    package let type: EventType
    package let body: [UInt8]

    /// - Throws: `Unacceptable` if the event's data is no object of JSON.
    package init(_ event: CloudEvent) throws {
        id = WebhookID(of: event)
        type = event.type
        guard let data = try? JSONSerialization.jsonObject(with: Data(event.data)) as? [String: Any],
            let shown = WebhookMessage.shown(data, depth: 0),
            let bytes = try? JSONSerialization.data(
                withJSONObject: shown, options: [.sortedKeys, .withoutEscapingSlashes])
        else { throw Unacceptable("It has data that is no object of JSON") }
        let head = #"{"type":"\#(event.type.rawValue)","timestamp":"\#(RFC3339.format(event.time))","data":"#
        body = Array(head.utf8) + Array(bytes) + [UInt8(ascii: "}")]
    }

    private static func shown(_ value: Any, depth: Int) -> Any? {
        guard depth < depthMax else { return nil }
        if let object = value as? [String: Any] {
            var shown: [String: Any] = [:]
            for (name, value) in object where !withheld.contains(name) {
                guard let value = WebhookMessage.shown(value, depth: depth + 1) else { return nil }
                shown[name] = value
            }
            return shown
        }
        guard let list = value as? [Any] else { return value }
        var shown: [Any] = []
        for value in list {
            guard let value = WebhookMessage.shown(value, depth: depth + 1) else { return nil }
            shown.append(value)
        }
        return shown
    }
}
