/// Parses a waiting room's stream as it arrives: the HTTP/1.1 head (RFC 9112), chunks if it announces them, and the
/// server-sent events inside (WHATWG HTML, 9.2.6). Only what is incomplete is kept.
struct WaitingRoomStreamParser {
    /// A fault that ends the stream at once.
    enum Fault: Error {
        case headTooLong
        case headUnreadable
        case chunkUnreadable
        case lineTooLong
    }

    private enum Framing {
        case head
        case chunkSize
        case chunk(left: Int)
        case chunkEnd(left: Int)
        /// No chunks: the body lasts until the connection closes.
        case plain
        case over
    }

    /// The fields of an event, each with the colon that ends its name.
    private enum Field {
        static let event = Array("event:".utf8)
        static let data = Array("data:".utf8)
        static let retry = Array("retry:".utf8)
        static let room = Array("room".utf8)
    }

    private static let newline = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")
    private static let headEnd = Array("\r\n\r\n".utf8)
    private static let headBytesMax = 16 << 10
    private static let chunkBytesMax = 1 << 20
    private static let lineBytesMax = 64 << 10

    private var framing = Framing.head
    private var head: [UInt8] = []
    private var chunkBytes = 0
    private var isInChunkExtension = false
    /// The start of a line that isn't complete yet.
    private var line: [UInt8] = []
    private var isRoom = false
    private var data: [UInt8] = []

    /// The answer's status, once the head has arrived.
    private(set) var status: Int?
    /// How long the server asks clients to wait after a break.
    private(set) var retrySeconds: Double?

    /// Whether the answer has ended.
    var isOver: Bool {
        if case .over = framing { return true }
        return false
    }

    /// Reads what has arrived, and hands out the data of each complete `room` event.
    mutating func feed(
        _ bytes: UnsafeRawBufferPointer, _ hear: (UnsafeRawBufferPointer) -> Void
    ) throws(Fault) {
        var position = 0
        while position < bytes.count {
            switch framing {
            case .head:
                position = try readHead(bytes, from: position)
            case .chunkSize:
                position = try readChunkSize(bytes, from: position)
            case .chunk(let left):
                let end = position + min(left, bytes.count - position)
                framing = end == position + left ? .chunkEnd(left: 2) : .chunk(left: left - (end - position))
                try readLines(UnsafeRawBufferPointer(rebasing: bytes[position..<end]), hear)
                position = end
            case .chunkEnd(let left):
                let count = min(left, bytes.count - position)
                framing = count == left ? .chunkSize : .chunkEnd(left: left - count)
                position += count
            case .plain:
                try readLines(UnsafeRawBufferPointer(rebasing: bytes[position...]), hear)
                position = bytes.count
            case .over:
                return
            }
        }
    }

    // MARK: HTTP

    private mutating func readHead(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(Fault) -> Int {
        for position in start..<bytes.count {
            head.append(bytes[position])
            guard head.count <= WaitingRoomStreamParser.headBytesMax else { throw Fault.headTooLong }
            guard bytes[position] == WaitingRoomStreamParser.newline,
                head.suffix(4).elementsEqual(WaitingRoomStreamParser.headEnd)
            else { continue }
            let text = String(decoding: head, as: UTF8.self).lowercased()
            head = []
            let lines = text.split(separator: "\r\n")
            let words = lines.first?.split(separator: " ") ?? []
            guard words.count >= 2, words[0].hasPrefix("http/1."), let status = Int(words[1]) else {
                throw Fault.headUnreadable
            }
            self.status = status
            let isChunked = lines.contains { $0.hasPrefix("transfer-encoding:") && $0.contains("chunked") }
            framing = isChunked ? .chunkSize : .plain
            return position + 1
        }
        return bytes.count
    }

    private mutating func readChunkSize(_ bytes: UnsafeRawBufferPointer, from start: Int) throws(Fault) -> Int {
        for position in start..<bytes.count {
            let byte = bytes[position]
            if byte == WaitingRoomStreamParser.newline {
                framing = chunkBytes == 0 ? .over : .chunk(left: chunkBytes)
                chunkBytes = 0
                isInChunkExtension = false
                return position + 1
            }
            if byte == UInt8(ascii: ";") { isInChunkExtension = true }
            guard !isInChunkExtension, byte != WaitingRoomStreamParser.carriageReturn else { continue }
            guard let digit = byte.hexDigitValue else { throw Fault.chunkUnreadable }
            chunkBytes = chunkBytes << 4 | digit
            guard chunkBytes <= WaitingRoomStreamParser.chunkBytesMax else { throw Fault.chunkUnreadable }
        }
        return bytes.count
    }

    // MARK: Events

    private mutating func readLines(
        _ bytes: UnsafeRawBufferPointer, _ hear: (UnsafeRawBufferPointer) -> Void
    ) throws(Fault) {
        var start = 0
        while let end = bytes[start...].firstIndex(of: WaitingRoomStreamParser.newline) {
            if line.isEmpty {
                take(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), hear)
            } else {
                line.append(contentsOf: bytes[start..<end])
                let whole = line
                line = []
                whole.withUnsafeBytes { take($0, hear) }
            }
            start = end + 1
        }
        if start < bytes.count { line.append(contentsOf: bytes[start...]) }
        guard max(line.count, data.count) <= WaitingRoomStreamParser.lineBytesMax else { throw Fault.lineTooLong }
    }

    private mutating func take(_ ended: UnsafeRawBufferPointer, _ hear: (UnsafeRawBufferPointer) -> Void) {
        let isWithReturn = ended.last == WaitingRoomStreamParser.carriageReturn
        let line = UnsafeRawBufferPointer(rebasing: ended.prefix(ended.count - (isWithReturn ? 1 : 0)))
        if line.isEmpty {
            if isRoom, !data.isEmpty { data.withUnsafeBytes { hear($0) } }
            isRoom = false
            data.removeAll(keepingCapacity: true)
        } else if let value = WaitingRoomStreamParser.value(of: Field.data, in: line) {
            if !data.isEmpty { data.append(WaitingRoomStreamParser.newline) }
            data.append(contentsOf: value)
        } else if let value = WaitingRoomStreamParser.value(of: Field.event, in: line) {
            isRoom = value.elementsEqual(Field.room)
        } else if let value = WaitingRoomStreamParser.value(of: Field.retry, in: line) {
            retrySeconds = Double(String(decoding: value, as: UTF8.self)).map { $0 / 1000 }
        }
    }

    private static func value(of field: [UInt8], in line: UnsafeRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard line.starts(with: field) else { return nil }
        let isSpaced = line.count > field.count && line[field.count] == UInt8(ascii: " ")
        return UnsafeRawBufferPointer(rebasing: line[(field.count + (isSpaced ? 1 : 0))...])
    }
}
