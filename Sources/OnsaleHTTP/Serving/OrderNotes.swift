package import OnsaleHistory

/// What services have said of orders.
package protocol OrderNotes: Sendable {
    /// In the order of time.
    func steps(of order: String) async throws -> [StoryStep]

    /// Those of some orders of which a mail came back.
    func bounced(among orders: [String]) async throws -> Set<String>
}
