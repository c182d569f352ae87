import Foundation
package import OnsaleEngine
import Synchronization

/// Whether the server can sell, part by part. No part takes longer than a second to look at, whatever hangs.
package struct Readiness: Sendable {
    /// A part of the server, and whether it can work.
    package struct Part: Sendable {
        package let name: String
        package let isWell: Bool
        /// How it stands, for people.
        package let detail: String
    }

    private let engine: Engine
    package let disk: DiskWatch
    private let redis: (@Sendable () -> String)?

    /// - Parameter redis: how Redis stands, in words; nil where there is none.
    package init(engine: Engine, disk: DiskWatch, redis: (@Sendable () -> String)? = nil) {
        self.engine = engine
        self.disk = disk
        self.redis = redis
    }

    package func parts() async -> [Part] {
        await disk.look()
        return known
    }

    /// As known, without looking.
    package var known: [Part] {
        [journal, payments, diskPart] + (engine.isShared ? [nodes] : [])
            // It is shown, and no more: everything goes on without it.
            + (redis.map { [Part(name: "redis", isWell: true, detail: $0())] } ?? [])
    }

    /// A node that hears nothing from the others must not believe that it still owns its events.
    private var nodes: Part {
        let isWell = engine.isInTouch
        let detail = isWell ? "\(engine.neighbours.count) other nodes are well" : "hears nothing from the others"
        return Part(name: "nodes", isWell: isWell, detail: detail)
    }

    private var journal: Part {
        switch engine.writer {
        case .well: Part(name: "journal", isWell: true, detail: "writes")
        case .full: Part(name: "journal", isWell: false, detail: "the disk is full; changes are refused")
        case .stuck(let seconds):
            Part(name: "journal", isWell: false, detail: "a write has not come back for \(seconds) s")
        }
    }

    /// The saga waits for a provider that is away, so that is reported and no more; a rejected key needs an operator.
    private var payments: Part {
        let isWell = if case .unauthorized = engine.provider { false } else { true }
        return Part(name: "payments", isWell: isWell, detail: engine.provider.name)
    }

    /// Less room than this is no room: the journal's log alone may need it.
    private static let bytesMin: Int64 = 64 << 20

    private var diskPart: Part {
        switch disk.state {
        case .unknown: Part(name: "disk", isWell: true, detail: "not looked at yet")
        case .free(let bytes):
            Part(name: "disk", isWell: bytes >= Readiness.bytesMin, detail: "\(bytes >> 20) MiB free")
        case .silent: Part(name: "disk", isWell: false, detail: "does not answer within a second")
        case .failing(let reason): Part(name: "disk", isWell: false, detail: reason)
        }
    }
}

extension ProviderHealth {
    /// As `/health/ready` and `/info` name it.
    var name: String {
        switch self {
        case .unknown: "unknown"
        case .well: "well"
        case .away: "away"
        case .unauthorized: "unauthorized"
        }
    }
}

/// How much room the data folder's disk has, and how much the journal takes. Looks on a thread of its own, since a disk that hangs hangs whoever asks it.
package final class DiskWatch: Sendable {
    package enum State: Sendable, Equatable {
        case unknown
        case free(bytes: Int64)
        case silent
        case failing(String)
    }

    private static let waitMilliseconds = 1000
    private static let stepMilliseconds = 5
    /// For so long what was seen is news enough: anybody may ask the public port.
    private static let freshNanoseconds: UInt64 = 1_000_000_000

    private struct Current {
        var state = State.unknown
        /// Size of the journal, its write-ahead log included.
        var journalBytes: Int64 = 0
        var isLooking = false
        var begunAt: UInt64 = 0
        /// When it was last seen.
        var at: UInt64 = 0
    }

    private let path: String
    private let queue = DispatchQueue(label: "onsale.disk", qos: .utility)
    private let current = Mutex(Current())

    /// - Parameter path: the data folder.
    package init(path: String) {
        self.path = path
    }

    package var state: State {
        let now = DispatchTime.now().uptimeNanoseconds
        return current.withLock { current in
            let limit = UInt64(DiskWatch.waitMilliseconds) * 1_000_000
            return current.isLooking && now - min(now, current.begunAt) > limit ? .silent : current.state
        }
    }

    package var journalBytes: Int64 { current.withLock { $0.journalBytes } }

    /// Looks, unless that was done just now, but waits no longer than a second for what it sees.
    package func look() async {
        let now = DispatchTime.now().uptimeNanoseconds
        guard current.withLock({ $0.at == 0 || now - min(now, $0.at) > DiskWatch.freshNanoseconds }) else { return }
        begin()
        for _ in 0..<DiskWatch.waitMilliseconds / DiskWatch.stepMilliseconds {
            guard current.withLock({ $0.isLooking }) else { return }
            do { try await Task.sleep(for: .milliseconds(DiskWatch.stepMilliseconds)) } catch { return }
        }
    }

    /// Looks, for whoever asks next. One look at a time.
    package func begin() {
        let mustLook = current.withLock { current in
            guard !current.isLooking else { return false }
            current.isLooking = true
            current.begunAt = DispatchTime.now().uptimeNanoseconds
            return true
        }
        guard mustLook else { return }
        queue.async { [self] in
            let seen = Current(
                state: measure(), journalBytes: size("/journal.sqlite") + size("/journal.sqlite-wal"),
                at: DispatchTime.now().uptimeNanoseconds)
            current.withLock { $0 = seen }
        }
    }

    private func size(_ file: String) -> Int64 {
        (try? FileManager.default.attributesOfItem(atPath: path + file)[.size] as? Int64) ?? 0
    }

    private func measure() -> State {
        var figures = statvfs()
        guard statvfs(path, &figures) == 0 else {
            return .failing(String(cString: strerror(errno)))
        }
        let (bytes, isTooMuch) = Int64(clamping: figures.f_bavail).multipliedReportingOverflow(
            by: Int64(clamping: figures.f_frsize))
        return .free(bytes: isTooMuch ? .max : bytes)
    }
}
