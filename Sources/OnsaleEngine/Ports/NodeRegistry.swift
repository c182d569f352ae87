package import OnsaleOwnership
package import OnsaleValues

/// Where the nodes that share a journal find one another.
///
/// Calls block, each for a bounded time, and come from one thread.
package protocol NodeRegistry: Sendable {
    /// Says that this node is there, and looks at the others and at how far each event's journal has come.
    /// - Parameters:
    ///   - isWell: whether this node works; otherwise its beat stands still, and others take its events.
    ///   - sells: whether it takes events.
    func look(isWell: Bool, sells: Bool) throws -> (nodes: [RegisteredNode], heads: [Sighting.Head])

    /// Ends the database sessions of a node that has been silent, so that nothing of it is left under way.
    func end(_ node: NodeID) throws

    /// This node is no longer there.
    func leave() throws
}
