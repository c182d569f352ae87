/// What keys and channels in Redis are called. The braces put all of one event into one slot, should that ever matter.
enum RedisNames {
    /// All channels of ``rows(of:)``, as `PSUBSCRIBE` has patterns.
    static let allRows = "onsale:{*}:rows"

    /// The channel on which an event's owner tells what it has committed.
    static func rows(of event: String) -> String { "onsale:{\(event)}:rows" }

    /// Who listens to an event's waiting room at a node.
    static func present(at node: String, to event: String) -> String { "onsale:{\(event)}:present:\(node)" }

    /// To which events somebody listens at a node.
    static func roster(of node: String) -> String { "onsale:roster:\(node)" }

    /// A document that facts refer to, or what was made of it.
    static func document(_ name: String) -> String { "onsale:document:\(name)" }
}
