public import OnsaleValues

/// CloudEvents in binary mode, as the binding for Kafka has it: attributes are headers, `data` is the message's value.
/// <https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md>
extension CloudEvent {
    public static let contentType = "application/json"

    /// The event as a message.
    public var message: BusMessage {
        var headers: [BusMessage.Header] = [
            .init("ce_specversion", "1.0"), .init("ce_type", type.rawValue), .init("ce_source", type.source),
            .init("ce_id", id), .init("ce_time", RFC3339.format(time)), .init("ce_subject", subject),
            .init("ce_partitionkey", key), .init("content-type", CloudEvent.contentType),
        ]
        if let traceparent { headers.append(.init("ce_traceparent", traceparent)) }
        return BusMessage(key: key, headers: headers, data: data)
    }

    /// Reads a message. Attributes that aren't known here are passed over, as the specification wants it.
    /// - Throws: ``UnreadableMessage``.
    public init(_ message: BusMessage) throws(UnreadableMessage) {
        var attributes: [String: String] = [:]
        for header in message.headers where attributes.updateValue(header.value, forKey: header.name) != nil {
            throw UnreadableMessage("has the header \(quoted(header.name)) twice")
        }
        func attribute(_ name: String) throws(UnreadableMessage) -> String {
            guard let value = attributes[name], !value.isEmpty else {
                throw UnreadableMessage("has no header \(name)")
            }
            guard value.utf8.count <= 255, value.unicodeScalars.allSatisfy(isPrintable) else {
                throw UnreadableMessage("has a header \(name) that is too long or no line of text")
            }
            return value
        }
        let version = try attribute("ce_specversion")
        guard version == "1.0" else { throw UnreadableMessage("is of CloudEvents \(quoted(version)), not 1.0") }
        let name = try attribute("ce_type")
        guard let type = EventType(rawValue: name) else {
            throw UnreadableMessage("is of a type that is unknown here, \(quoted(name))")
        }
        let source = try attribute("ce_source")
        guard source == type.source else {
            throw UnreadableMessage("of type \(name) comes from \(quoted(source)), not from \(type.source)")
        }
        guard let time = RFC3339.parse(try attribute("ce_time")) else {
            throw UnreadableMessage("has a ce_time that is no date-time of RFC 3339")
        }
        let form = attributes["content-type"] ?? CloudEvent.contentType
        guard form.lowercased().hasPrefix(CloudEvent.contentType) else {
            throw UnreadableMessage("is \(quoted(form)), not JSON")
        }
        let key = try attribute("ce_partitionkey")
        guard key == message.key else {
            throw UnreadableMessage("has the key \(quoted(message.key)), and its ce_partitionkey is \(quoted(key))")
        }
        guard !message.data.isEmpty else { throw UnreadableMessage("has no data") }
        guard message.data.count <= CloudEvent.dataBytesMax else {
            throw UnreadableMessage("has \(message.data.count) bytes, more than \(CloudEvent.dataBytesMax)")
        }
        self.init(
            id: try attribute("ce_id"), type: type, subject: try attribute("ce_subject"), time: time, key: key,
            traceparent: attributes["ce_traceparent"].flatMap { $0.utf8.count <= 128 ? $0 : nil }, data: message.data)
    }
}

/// Why a message is none of the contract's. No further attempt will change that.
public struct UnreadableMessage: Error, Hashable, CustomStringConvertible {
    /// Goes on after "The message".
    public let description: String

    public init(_ description: String) { self.description = description }
}

private func isPrintable(_ scalar: Unicode.Scalar) -> Bool {
    scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value)
}

/// A stranger's text, short enough for a line of a log.
private func quoted(_ text: String) -> String {
    let shown = text.unicodeScalars.prefix(64).map { isPrintable($0) ? Character($0) : "?" }
    return "\"" + String(shown) + (text.unicodeScalars.count > 64 ? "…\"" : "\"")
}
