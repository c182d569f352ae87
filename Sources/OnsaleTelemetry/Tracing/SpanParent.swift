package import OnsaleCorrelation
package import Tracing

/// Whom a new span belongs to.
package enum SpanParent: Sendable, Equatable {
    case none
    /// A span of this process, now or before a restart.
    case local(TraceContext)
    /// What another process sent. `isSampled` is nil if it left the decision to us; it may have decided without naming
    /// a trace.
    case remote(TraceContext?, isSampled: Bool?)

    var context: TraceContext? {
        switch self {
        case .none: nil
        case .local(let context): context
        case .remote(let context, _): context
        }
    }

    var isRemote: Bool {
        if case .remote = self { true } else { false }
    }
}

extension InstrumentationContext {
    private struct Remote {
        let context: TraceContext?
        let isSampled: Bool?
    }

    private enum RemoteKey: InstrumentationContextKey {
        typealias Value = Remote
    }

    /// What a span started in this context belongs to. What came from outside is forgotten as soon as ``traceContext``
    /// is another.
    package var spanParent: SpanParent {
        if let remote = self[RemoteKey.self], remote.context == traceContext {
            return .remote(remote.context, isSampled: remote.isSampled)
        }
        return traceContext.map(SpanParent.local) ?? .none
    }

    /// Takes in what another process sent.
    package mutating func receive(_ context: TraceContext?, isSampled: Bool?) {
        traceContext = context
        self[RemoteKey.self] = Remote(context: context, isSampled: isSampled)
    }
}
