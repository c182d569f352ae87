import NIOCore
import OnsaleBus

/// What is said on the bus, as AsyncAPI 3.0, written from the types of events.
/// <https://www.asyncapi.com/docs/reference/specification/v3.0.0>
struct AsyncAPIDocument: Sendable {
    let bytes: ByteBuffer
    let value: JSONValue

    init(version: String) {
        let value: JSONValue = [
            "asyncapi": "3.0.0",
            "info": [
                "title": "Onsale", "version": .text(version),
                "description": .text(AsyncAPIDocument.description),
            ],
            "defaultContentType": "application/json",
            "channels": AsyncAPIDocument.channels,
            "operations": AsyncAPIDocument.operations,
            "components": ["messages": AsyncAPIDocument.messages, "schemas": AsyncAPIDocument.schemas],
        ]
        self.value = value
        var writer = JSONWriter(capacity: 32 << 10)
        writer.value(value)
        bytes = writer.buffer
    }

    private static let description = """
        Messages are CloudEvents 1.0 in binary mode: attributes are headers, the data is the value, JSON. The key is the \
        on-sale event's id, so that an event's messages stay in order. A message may come again, with the same `ce_source` \
        and `ce_id`: whoever handles it notes both in the commit of the effect. `<topic>.dead` has what a group of \
        consumers has given up, with the reason.
        """

    private static func object(_ members: [(String, JSONValue)]) -> JSONValue {
        .object(members.map { .init(name: $0.0, value: $0.1) })
    }

    private static func name(_ topic: Topic) -> String {
        switch topic {
        case .orders: "orders"
        case .tickets: "tickets"
        case .fulfilment: "fulfilment"
        }
    }

    private static var channels: JSONValue {
        object(
            Topic.allCases.map { topic in
                let messages = EventType.allCases.filter { $0.topic == topic }.map { type in
                    (type.rawValue, ["$ref": .text("#/components/messages/\(type.rawValue)")] as JSONValue)
                }
                return (name(topic), ["address": .text(topic.rawValue), "messages": object(messages)])
            })
    }

    private static var operations: JSONValue {
        object(
            Topic.allCases.map { topic in
                let name = name(topic)
                return ("send-\(name)", ["action": "send", "channel": ["$ref": .text("#/channels/\(name)")]])
            })
    }

    private static var messages: JSONValue {
        object(
            EventType.allCases.map { type in
                let message: JSONValue = [
                    "name": .text(type.rawValue), "contentType": "application/json",
                    "headers": headers(type).schema, "payload": type.data.reference,
                    "bindings": ["kafka": ["key": Shape.text.schema]],
                ]
                return (type.rawValue, message)
            })
    }

    static func headers(_ type: EventType) -> Shape {
        Shape.object([
            .required("ce_specversion", .word("1.0")),
            .required("ce_type", .word(type.rawValue)),
            .required("ce_source", .word(type.source)),
            .required("ce_id", .text, "The on-sale event and the number of the fact that this goes back to."),
            .required("ce_time", .time),
            .required("ce_subject", .text, "The order's id."),
            .required("ce_partitionkey", .text, "The on-sale event's id."),
            .required("content-type", .word("application/json")),
            .optional("ce_traceparent", .text, "W3C trace context."),
        ])
    }

    private static var schemas: JSONValue {
        var seen: Set<String> = []
        return object(
            EventType.allCases.flatMap(\.data.named).compactMap { shape in
                guard let name = shape.name, seen.insert(name).inserted else { return nil }
                return (name, shape.schema)
            })
    }
}

extension EventType {
    /// What its data looks like.
    var data: Shape {
        switch self {
        case .orderPlaced, .orderConfirmed, .orderDeclined, .orderExpired, .orderCancelled, .orderRefunded:
            .orderMessage
        case .ticketsIssued: .ticketsIssuedMessage
        case .ticketsVoided: .ticketsVoidedMessage
        case .mailSent, .mailBounced: .mailMessage
        case .eligibilityGranted, .eligibilityRefused: .eligibilityMessage
        }
    }
}
