import OnsaleCorrelation

/// A trace context in Zipkin's headers. <https://github.com/openzipkin/b3-propagation>
struct B3 {
    static let single = "b3"
    static let traceID = "X-B3-TraceId"
    static let spanID = "X-B3-SpanId"
    static let sampled = "X-B3-Sampled"
    static let flags = "X-B3-Flags"

    /// nil if only a decision came.
    let context: TraceContext?
    /// nil if the decision is ours.
    let isSampled: Bool?

    /// `{trace}-{span}`, `{trace}-{span}-{decision}`, `{trace}-{span}-{decision}-{parent span}` or a decision alone.
    init?(single text: String) {
        guard text.utf8.count <= 32 + 16 + 1 + 16 + 3 else { return nil }
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false).map(Array.init)
        guard parts.count != 1 else {
            guard let decision = B3.decision(parts[0]) else { return nil }
            self.init(context: nil, isSampled: decision)
            return
        }
        var decision: Bool?
        if parts.count > 2 {
            decision = B3.decision(parts[2])
            guard decision != nil, parts.count == 3 || parts.count == 4 && B3.number(parts[3]) != nil else {
                return nil
            }
        }
        self.init(trace: parts[0], span: parts[1], isSampled: decision)
    }

    /// A header for each part.
    init?(_ header: (String) -> String?) {
        var decision: Bool?
        if let flags = header(B3.flags) {
            guard flags == "0" || flags == "1" else { return nil }
            decision = flags == "1" ? true : nil
        }
        if let sampled = header(B3.sampled), decision == nil {
            switch sampled {
            // Older tracers write words.
            case "1", "true": decision = true
            case "0", "false": decision = false
            default: return nil
            }
        }
        switch (header(B3.traceID), header(B3.spanID)) {
        case (let trace?, let span?):
            guard trace.utf8.count <= 32, span.utf8.count <= 16 else { return nil }
            self.init(trace: Array(trace.utf8), span: Array(span.utf8), isSampled: decision)
        case (nil, nil):
            guard let decision else { return nil }
            self.init(context: nil, isSampled: decision)
        default: return nil
        }
    }

    private init?(trace: [UInt8], span: [UInt8], isSampled: Bool?) {
        guard trace.count == 16 || trace.count == 32, let low = B3.number(trace.suffix(16)),
            let high = trace.count == 16 ? 0 : B3.number(trace.prefix(16)),
            let traceID = TraceContext.TraceID(high: high, low: low), let spanID = B3.number(span), spanID != 0
        else { return nil }
        self.init(
            context: TraceContext(traceID: traceID, spanID: spanID, isSampled: isSampled ?? false),
            isSampled: isSampled)
    }

    private init(context: TraceContext?, isSampled: Bool?) {
        self.context = context
        self.isSampled = isSampled
    }

    /// Debugging asks for more than sampling, which we can't give.
    private static func decision(_ digits: [UInt8]) -> Bool? {
        switch digits {
        case [UInt8(ascii: "1")], [UInt8(ascii: "d")]: true
        case [UInt8(ascii: "0")]: false
        default: nil
        }
    }

    /// 16 hex digits of either case.
    private static func number(_ digits: some Collection<UInt8>) -> UInt64? {
        guard digits.count == 16 else { return nil }
        return HexDigits.value(digits.map { (0x41...0x46).contains($0) ? $0 | 0x20 : $0 })
    }
}
