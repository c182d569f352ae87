package import OnsaleMigrations
import OnsaleValues
import Synchronization

/// What the files of an event's orders have in common, as it was read lately: each mail brings a file along.
package final class SharedParts: Sendable {
    /// Some tens of kilobytes each.
    private static let capacity = 64

    private let recent = Mutex(RecentValues<String, [UInt8]>(capacity: SharedParts.capacity))

    package init() {}

    /// - Parameter digest: of its bytes, so what is kept is never out of date.
    /// - Returns: nil if it isn't there, or can't be read.
    /// - Throws: errors of the session.
    func part(_ digest: String, in session: any SQLSession) throws -> [UInt8]? {
        if let known = recent.withLock({ $0[digest] }) { return known }
        let row = try session.rows("SELECT content FROM shared_part WHERE sha256 = $1", [digest]).first
        guard let text = row?.first ?? nil, let bytes = Base64URL.decode(text.utf8) else { return nil }
        recent.withLock { $0[digest] = bytes }
        return bytes
    }
}
