import Foundation
import NIOCore
import OnsaleBus
import OnsaleValues
import Testing

@testable import OnsaleHTTP

/// The AsyncAPI document, held against what the bus carries.
@Suite struct AsyncAPITests {
    private func document() throws -> [String: Any] {
        let bytes = Data(AsyncAPIDocument(version: "1").bytes.readableBytesView)
        return try #require(try JSONSerialization.jsonObject(with: bytes) as? [String: Any])
    }

    private var order: OrderMessage {
        OrderMessage(
            event: OnsaleEvent(
                id: "show", title: "Show", venue: "Hall", startsAt: "2030-01-01T00:00:00.000Z", currency: "KRW",
                timeZone: "Asia/Seoul", eligibility: .init(url: "https://club.example/check", deadlineSeconds: 60)),
            order: "ord_1", buyer: "byr_1", amount: 2000, refundedAmount: 100, placedAt: "2029-01-01T00:00:00.000Z",
            lines: [.init(category: "A", unitAmount: 1000, quantity: 2)],
            tickets: [
                .init(ticket: "tkt_1", seat: "s1", category: "A", barcode: "b1"),
                .init(ticket: "tkt_2", area: "Floor", category: "B", barcode: "b2"),
            ], payment: "pi_1", proof: "member 7", reason: "buyer")
    }

    /// A message of each type with everything that it can have.
    private func data(_ type: EventType) throws -> Data {
        let encoder = JSONEncoder()
        switch type {
        case .orderPlaced, .orderConfirmed, .orderDeclined, .orderExpired, .orderCancelled, .orderRefunded:
            return try encoder.encode(order)
        case .ticketsIssued:
            let sha256 = String(repeating: "0", count: 64)
            return try encoder.encode(
                TicketsIssued(
                    order: order,
                    documents: [.init(name: "a.pdf", contentType: "application/pdf", sha256: sha256, bytes: 1)]))
        case .ticketsVoided: return try encoder.encode(TicketsVoided(order: order, tickets: ["tkt_1"]))
        case .mailSent, .mailBounced:
            return try encoder.encode(
                MailMessage(event: "show", order: "ord_1", buyer: "byr_1", kind: "tickets", mail: "m", reason: "full"))
        case .eligibilityGranted, .eligibilityRefused:
            return try encoder.encode(
                EligibilityMessage(event: "show", order: "ord_1", buyer: "byr_1", reason: "no member"))
        }
    }

    @Test("Each type's headers and data are as the document says, and have nothing that it doesn't name")
    func messages() throws {
        let components = try #require(try document()["components"] as? [String: Any])
        let check = SchemaCheck(schemas: try #require(components["schemas"] as? [String: [String: Any]]))
        let messages = try #require(components["messages"] as? [String: [String: Any]])
        #expect(Set(messages.keys) == Set(EventType.allCases.map(\.rawValue)))
        for type in EventType.allCases {
            let described = try #require(messages[type.rawValue])
            let data = try JSONSerialization.jsonObject(with: try self.data(type))
            let payload = try #require(described["payload"] as? [String: Any])
            #expect(check.faults(data, against: payload).isEmpty, "\(type): \(check.faults(data, against: payload))")
            #expect(unnamed(data, by: payload, in: check.schemas).isEmpty, "\(type)")
            let event = CloudEvent(
                id: "show/1", type: type, subject: "ord_1", time: Timestamp(milliseconds: 0), key: "show",
                traceparent: "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", data: [])
            let headers = Dictionary(uniqueKeysWithValues: event.message.headers.map { ($0.name, $0.value) })
            let shape = try #require(described["headers"] as? [String: Any])
            #expect(check.faults(headers, against: shape).isEmpty)
            #expect(Set(headers.keys) == Set((shape["properties"] as? [String: Any] ?? [:]).keys))
        }
    }

    @Test("Each topic is a channel with its messages, and every reference resolves")
    func channels() throws {
        let document = try document()
        let channels = try #require(document["channels"] as? [String: [String: Any]])
        #expect(Set(channels.values.compactMap { $0["address"] as? String }) == Set(Topic.allCases.map(\.rawValue)))
        for topic in Topic.allCases {
            let channel = try #require(channels.values.first { $0["address"] as? String == topic.rawValue })
            let names = Set((channel["messages"] as? [String: Any] ?? [:]).keys)
            #expect(names == Set(EventType.allCases.filter { $0.topic == topic }.map(\.rawValue)))
        }
        func walk(_ value: Any) {
            if let members = value as? [String: Any] {
                if let reference = members["$ref"] as? String {
                    var place: Any? = document
                    for part in reference.split(separator: "/").dropFirst() {
                        place = (place as? [String: Any])?[String(part)]
                    }
                    #expect(place != nil, "\(reference)")
                }
                members.values.forEach(walk)
            } else if let elements = value as? [Any] {
                elements.forEach(walk)
            }
        }
        walk(document)
    }

    /// Members that a value has and its shape doesn't name.
    private func unnamed(_ value: Any, by shape: [String: Any], in schemas: [String: [String: Any]]) -> [String] {
        var shape = shape
        if let reference = shape["$ref"] as? String {
            shape = schemas[String(reference.split(separator: "/").last ?? "")] ?? [:]
        }
        if let elements = value as? [Any], let items = shape["items"] as? [String: Any] {
            return elements.flatMap { unnamed($0, by: items, in: schemas) }
        }
        guard let members = value as? [String: Any] else { return [] }
        let properties = shape["properties"] as? [String: [String: Any]] ?? [:]
        return members.flatMap { name, member in
            properties[name].map { unnamed(member, by: $0, in: schemas) } ?? [name]
        }
    }
}
