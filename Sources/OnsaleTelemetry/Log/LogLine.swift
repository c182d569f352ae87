import Logging

#if canImport(Glibc)
    import Glibc
#else
    import Darwin
#endif

/// One record, on one line, whatever stands in it.
struct LogLine {
    /// The longest message or value, in bytes.
    private static let textBytesMax = 8192
    private static let depthMax = 4
    /// What always stands in this order; the rest follows by name.
    private static let correlation = ["trace_id", "span_id", "request_id", "event", "buyer", "order"]
    private static let reserved: Set<String> = ["time", "level", "label", "message"]

    private let format: LogFormat
    private let scrubber: Scrubber
    private(set) var bytes: [UInt8] = []

    init(format: LogFormat, scrubber: Scrubber) {
        self.format = format
        self.scrubber = scrubber
        bytes.reserveCapacity(512)
    }

    mutating func write(
        time: timespec, level: Logger.Level, label: String, message: String, metadata: Logger.Metadata
    ) {
        var rest = metadata
        var fields: [(String, Logger.MetadataValue)] = []
        for key in LogLine.correlation { if let value = rest.removeValue(forKey: key) { fields.append((key, value)) } }
        var taken = LogLine.reserved.union(fields.map(\.0))
        for (key, value) in rest.sorted(by: { $0.key < $1.key }) {
            var key = key
            while !taken.insert(key).inserted { key += "_" }
            fields.append((key, value))
        }
        switch format {
        case .json:
            bytes += "{\"time\":\"".utf8
            write(time)
            bytes += "\",\"level\":\"\(level.rawValue)\",\"label\":".utf8
            quote(label)
            bytes += ",\"message\":".utf8
            quote(scrubber.scrub(message))
            for (key, value) in fields {
                bytes += ",".utf8
                quote(key)
                bytes += ":".utf8
                json(value, key)
            }
            bytes += "}\n".utf8
        case .text:
            write(time)
            bytes += " \(level.rawValue) ".utf8
            plain(label)
            bytes += ": ".utf8
            plain(scrubber.scrub(message))
            for (key, value) in fields {
                bytes += " ".utf8
                plain(key)
                bytes += "=".utf8
                switch value {
                case .string, .stringConvertible: word(text(value, key))
                case .array, .dictionary: json(value, key)
                }
            }
            bytes += "\n".utf8
        }
    }

    /// RFC 3339 with milliseconds, in UTC.
    private mutating func write(_ time: timespec) {
        var seconds = time.tv_sec
        var parts = tm()
        gmtime_r(&seconds, &parts)
        digits(Int(parts.tm_year) + 1900, 4)
        bytes.append(UInt8(ascii: "-"))
        digits(Int(parts.tm_mon) + 1, 2)
        bytes.append(UInt8(ascii: "-"))
        digits(Int(parts.tm_mday), 2)
        bytes.append(UInt8(ascii: "T"))
        digits(Int(parts.tm_hour), 2)
        bytes.append(UInt8(ascii: ":"))
        digits(Int(parts.tm_min), 2)
        bytes.append(UInt8(ascii: ":"))
        digits(Int(parts.tm_sec), 2)
        bytes.append(UInt8(ascii: "."))
        digits(time.tv_nsec / 1_000_000, 3)
        bytes.append(UInt8(ascii: "Z"))
    }

    private mutating func digits(_ number: Int, _ count: Int) {
        let text = String(number)
        for _ in 0..<max(0, count - text.utf8.count) { bytes.append(UInt8(ascii: "0")) }
        bytes += text.utf8
    }

    // MARK: Values

    private func text(_ value: Logger.MetadataValue, _ key: String) -> String {
        scrubber.isSecret(key: key) ? Scrubber.mark : scrubber.scrub("\(value)")
    }

    private mutating func json(_ value: Logger.MetadataValue, _ key: String, depth: Int = 0) {
        guard !scrubber.isSecret(key: key), depth < LogLine.depthMax else {
            return quote(depth < LogLine.depthMax ? Scrubber.mark : "…")
        }
        switch value {
        case .string(let text): quote(scrubber.scrub(text))
        case .stringConvertible(let value): quote(scrubber.scrub("\(value)"))
        case .array(let values):
            bytes += "[".utf8
            for (index, value) in values.enumerated() {
                if index > 0 { bytes += ",".utf8 }
                json(value, key, depth: depth + 1)
            }
            bytes += "]".utf8
        case .dictionary(let members):
            bytes += "{".utf8
            for (index, (key, value)) in members.sorted(by: { $0.key < $1.key }).enumerated() {
                if index > 0 { bytes += ",".utf8 }
                quote(key)
                bytes += ":".utf8
                json(value, key, depth: depth + 1)
            }
            bytes += "}".utf8
        }
    }

    private mutating func quote(_ text: String) {
        bytes.append(UInt8(ascii: "\""))
        escape(text, quotes: true)
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func plain(_ text: String) { escape(text, quotes: false) }

    /// Quoted only if it would not be one word otherwise.
    private mutating func word(_ text: String) {
        let isWord = !text.isEmpty && text.utf8.allSatisfy { $0 > 0x20 && $0 != UInt8(ascii: "\"") && $0 != 0x7f }
        if isWord { plain(text) } else { quote(text) }
    }

    /// Control characters never get out as they are: a line break would forge a record, an escape sequence would talk
    /// to the operator's terminal. U+0085, U+2028 and U+2029 break lines for some readers, and C1 controls are escapes.
    private mutating func escape(_ text: String, quotes: Bool) {
        var budget = LogLine.textBytesMax
        for scalar in text.unicodeScalars {
            budget -= UTF8.width(scalar)
            guard budget >= 0 else {
                bytes += "…".utf8
                return
            }
            switch scalar {
            case "\"" where quotes: bytes += "\\\"".utf8
            case "\\" where quotes: bytes += "\\\\".utf8
            case "\n": bytes += "\\n".utf8
            case "\r": bytes += "\\r".utf8
            case "\t": bytes += "\\t".utf8
            case _
            where scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value)
                || [0x2028, 0x2029].contains(scalar.value):
                bytes += "\\u".utf8
                let hex = String(scalar.value, radix: 16)
                bytes += String(repeating: "0", count: 4 - hex.utf8.count).utf8
                bytes += hex.utf8
            default: bytes += Array(String(scalar).utf8)
            }
        }
    }
}
