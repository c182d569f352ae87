import Crypto
import Foundation
package import OnsaleValues

/// What is running: which build, with which settings, and what is on.
package struct ServerInfo: Sendable {
    package let version: String
    package let startedAt: Timestamp
    /// Who takes the money: the sandbox or the provider's host.
    package let payments: String
    /// By name; a secret's value is `set`. nil where the default holds.
    package let settings: [(name: String, value: String?)]
    /// What is on, and how.
    package let features: [(name: String, value: String)]

    package init(
        version: String, startedAt: Timestamp, payments: String, settings: [(name: String, value: String?)],
        features: [(name: String, value: String)]
    ) {
        self.version = version
        self.startedAt = startedAt
        self.payments = payments
        self.settings = settings
        self.features = features
    }

    package static var build: String {
        #if DEBUG
            "debug"
        #else
            "release"
        #endif
    }

    /// SHA-256 of the program's file, which tells two builds of one version apart; nil where it can't be read. Reading
    /// it takes a moment, the first time.
    package static func digest() async -> String? {
        await withCheckedContinuation { continuation in
            DispatchQueue.global(qos: .utility).async { continuation.resume(returning: fileDigest) }
        }
    }

    private static let fileDigest: String? = {
        guard let file = FileHandle(forReadingAtPath: "/proc/self/exe") else { return nil }
        var hash = SHA256()
        while let part = try? file.read(upToCount: 1 << 20), !part.isEmpty { hash.update(data: part) }
        return Hex.encode(Array(hash.finalize()))
    }()
}
