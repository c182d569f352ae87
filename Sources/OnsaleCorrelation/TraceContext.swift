/// Where in a trace some work belongs: what W3C Trace Context carries from one process to the next.
/// <https://www.w3.org/TR/trace-context/>
package struct TraceContext: Hashable, Sendable {
    /// 16 bytes, not all zero.
    package struct TraceID: Hashable, Sendable {
        package let high: UInt64
        package let low: UInt64

        /// nil for zero, which names no trace.
        package init?(high: UInt64, low: UInt64) {
            guard high != 0 || low != 0 else { return nil }
            self.high = high
            self.low = low
        }

        package static func random() -> TraceID {
            // `low` is never zero, so neither is the whole.
            TraceID(high: .random(in: .min ... .max), low: .random(in: 1 ... .max)) ?? random()
        }

        /// 32 lower-case hex digits.
        package var text: String { HexDigits.text(high) + HexDigits.text(low) }
    }

    package let traceID: TraceID
    /// Not zero.
    package let spanID: UInt64
    package let isSampled: Bool
    /// `tracestate`, as it came; empty if none did.
    package let state: String

    package init(traceID: TraceID, spanID: UInt64, isSampled: Bool, state: String = "") {
        self.traceID = traceID
        self.spanID = spanID
        self.isSampled = isSampled
        self.state = state
    }

    /// Reads a `traceparent`, of version 00 or a later one that begins alike; nil for anything else. A `tracestate`
    /// that isn't valid is left out, as if none had come.
    package init?(traceparent: String, tracestate: String? = nil) {
        let text = Array(traceparent.utf8)
        let dash = UInt8(ascii: "-")
        guard text.count >= 55, text[2] == dash, text[35] == dash, text[52] == dash,
            let version = HexDigits.value(text[0..<2]), version != 0xff,
            text.count == 55 || version > 0 && text[55] == dash,
            let high = HexDigits.value(text[3..<19]), let low = HexDigits.value(text[19..<35]),
            let traceID = TraceID(high: high, low: low),
            let spanID = HexDigits.value(text[36..<52]), spanID != 0,
            let flags = HexDigits.value(text[53..<55])
        else { return nil }
        self.init(
            traceID: traceID, spanID: spanID, isSampled: flags & 1 == 1,
            state: tracestate.flatMap(TraceContext.validState) ?? "")
    }

    /// As `traceparent` of version 00.
    package var traceparent: String {
        "00-\(traceID.text)-\(spanText)-\(isSampled ? "01" : "00")"
    }

    /// 16 lower-case hex digits.
    package var spanText: String { HexDigits.text(spanID) }

    /// The longest `tracestate` that is passed on, in bytes.
    private static let stateBytesMax = 512
    private static let stateMembersMax = 32

    private static func validState(_ text: String) -> String? {
        let bytes = text.utf8
        guard bytes.count <= stateBytesMax, bytes.allSatisfy({ (0x20...0x7e).contains($0) || $0 == 0x09 }) else {
            return nil
        }
        let members = text.split(separator: ",").filter { !$0.allSatisfy { $0 == " " || $0 == "\t" } }
        guard members.count <= stateMembersMax, members.allSatisfy({ $0.contains("=") }) else { return nil }
        return text
    }
}

/// Numbers as fixed-width, lower-case hex.
package enum HexDigits {
    /// 16 digits.
    package static func text(_ value: UInt64) -> String {
        String(unsafeUninitializedCapacity: 16) { buffer in
            for index in 0..<16 {
                let nibble = UInt8(truncatingIfNeeded: value >> UInt64(60 - 4 * index)) & 0xf
                buffer[index] = nibble < 10 ? UInt8(ascii: "0") + nibble : UInt8(ascii: "a") + nibble - 10
            }
            return 16
        }
    }

    /// nil unless all are lower-case hex digits, at most 16.
    package static func value(_ digits: some Collection<UInt8>) -> UInt64? {
        guard (1...16).contains(digits.count) else { return nil }
        var value: UInt64 = 0
        for digit in digits {
            switch digit {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): value = value << 4 | UInt64(digit - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): value = value << 4 | UInt64(digit - UInt8(ascii: "a") + 10)
            default: return nil
            }
        }
        return value
    }
}
