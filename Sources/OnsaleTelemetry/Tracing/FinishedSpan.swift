package import OnsaleCorrelation
package import Tracing

/// A span that has ended, as exporters see it. Immutable.
package struct FinishedSpan: Sendable {
    /// A value that OTLP and Zipkin both know how to write.
    package enum Value: Hashable, Sendable {
        case string(String)
        case bool(Bool)
        case int(Int64)
        case double(Double)
        case strings([String])
        case bools([Bool])
        case ints([Int64])
        case doubles([Double])
    }

    package struct Attribute: Hashable, Sendable {
        package let key: String
        package let value: Value

        package init(_ key: String, _ value: Value) {
            self.key = key
            self.value = value
        }
    }

    package struct Event: Hashable, Sendable {
        package let name: String
        /// Nanoseconds since 1970-01-01T00:00:00Z, like all times here.
        package let at: UInt64
        package let attributes: [Attribute]

        package init(name: String, at: UInt64, attributes: [Attribute]) {
            self.name = name
            self.at = at
            self.attributes = attributes
        }
    }

    package struct Link: Hashable, Sendable {
        package let context: TraceContext
        package let attributes: [Attribute]

        package init(context: TraceContext, attributes: [Attribute]) {
            self.context = context
            self.attributes = attributes
        }
    }

    package enum Status: Hashable, Sendable {
        case unset
        case ok
        case error(String)
    }

    /// How much was left out, for being beyond ``SpanLimits``.
    package struct Dropped: Hashable, Sendable {
        package var attributes: UInt32 = 0
        package var events: UInt32 = 0
        package var links: UInt32 = 0

        package init() {}
    }

    package let context: TraceContext
    /// The span it is part of; nil for a root.
    package let parent: UInt64?
    /// The parent came from another process.
    package let isParentRemote: Bool
    package let name: String
    package let kind: SpanKind
    package let start: UInt64
    /// Never before ``start``.
    package let end: UInt64
    package let attributes: [Attribute]
    package let events: [Event]
    package let links: [Link]
    package let status: Status
    package let dropped: Dropped

    package init(
        context: TraceContext, parent: UInt64?, isParentRemote: Bool = false, name: String, kind: SpanKind,
        start: UInt64,
        end: UInt64, attributes: [Attribute], events: [Event], links: [Link], status: Status,
        dropped: Dropped = Dropped()
    ) {
        self.context = context
        self.parent = parent
        self.isParentRemote = isParentRemote
        self.name = name
        self.kind = kind
        self.start = start
        self.end = max(start, end)
        self.attributes = attributes
        self.events = events
        self.links = links
        self.status = status
        self.dropped = dropped
    }
}
