import CRdKafka
import OnsaleBus

/// A message and the topic that it goes to.
struct Parcel: Sendable {
    let topic: String
    let message: BusMessage

    /// What it is counted as.
    var bytes: Int {
        message.headers.reduce(256 + message.key.utf8.count + message.data.count) {
            $0 + 64 + $1.name.utf8.count + $1.value.utf8.count
        }
    }
}

extension BusMessage {
    /// Copies what librdkafka has received.
    init(_ received: UnsafePointer<rd_kafka_message_t>) {
        let message = received.pointee
        self.init(
            key: WireText.text(UnsafeRawBufferPointer(present: message.key, count: message.key_len)),
            headers: BusMessage.headers(received),
            data: UnsafeRawBufferPointer(present: message.payload, count: message.len).map(Array.init) ?? [])
    }

    private static func headers(_ received: UnsafePointer<rd_kafka_message_t>) -> [Header] {
        var list: OpaquePointer?
        guard rd_kafka_message_headers(received, &list) == RD_KAFKA_RESP_ERR_NO_ERROR, let list else { return [] }
        return (0..<rd_kafka_header_cnt(list)).compactMap { index in
            var name: UnsafePointer<CChar>?
            var value: UnsafeRawPointer?
            var size = 0
            guard rd_kafka_header_get_all(list, index, &name, &value, &size) == RD_KAFKA_RESP_ERR_NO_ERROR, let name
            else { return nil }
            let letters = UnsafeRawBufferPointer(UnsafeBufferPointer(start: name, count: BusMessage.length(name)))
            return Header(WireText.text(letters), WireText.text(UnsafeRawBufferPointer(present: value, count: size)))
        }
    }

    private static func length(_ text: UnsafePointer<CChar>) -> Int {
        var end = text
        while end.pointee != 0 { end += 1 }
        return end - text
    }

    /// The headers for librdkafka, which takes them over with the message.
    func makeHeaders() -> OpaquePointer? {
        let list = rd_kafka_headers_new(headers.count)
        for header in headers {
            WireText.withBytes(header.name) { name, nameLength in
                WireText.withBytes(header.value) { value, length in
                    let letters = name?.assumingMemoryBound(to: CChar.self)
                    _ = rd_kafka_header_add(list, letters, nameLength, value, length)
                }
            }
        }
        return list
    }
}

extension UnsafeRawBufferPointer {
    /// What is not null; empty is something else.
    fileprivate init?(present start: UnsafeRawPointer?, count: Int) {
        guard let start else { return nil }
        self.init(start: start, count: count)
    }
}
