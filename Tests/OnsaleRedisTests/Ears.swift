import Logging
import OnsaleRedis
import Synchronization
import Testing

/// Asks again and again until it is so; 20 s at most, far more than it takes.
func eventually(
    _ isTrue: () async throws -> Bool, sourceLocation: SourceLocation = #_sourceLocation
) async {
    let end = ContinuousClock.now + .seconds(20)
    var error: (any Error)?
    repeat {
        do {
            if try await isTrue() { return }
            error = nil
        } catch let failure {
            error = failure
        }
        try? await Task.sleep(for: .milliseconds(10))
    } while ContinuousClock.now < end
    Issue.record("it never came to be: \(error.map { "\($0)" } ?? "false")", sourceLocation: sourceLocation)
}

/// What a subscription has heard, in order.
final class Ears: Sendable {
    private let all = Mutex<[RedisSubscription.Event]>([])

    var events: [RedisSubscription.Event] { all.withLock { $0 } }

    func hear(_ event: RedisSubscription.Event) { all.withLock { $0.append(event) } }

    func forget() { all.withLock { $0 = [] } }
}

/// The lines that were logged.
struct Lines: LogHandler {
    final class Store: Sendable {
        let lines = Mutex<[String]>([])
        var list: [String] { lines.withLock { $0 } }
    }

    let store: Store
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .trace

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        store.lines.withLock { $0.append("\(event.level) \(event.message) \(event.metadata ?? [:])") }
    }
}

let quiet = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

extension RedisFailure {
    /// Runs `body` and tells how it failed.
    static func of(_ body: () async throws -> Void) async -> RedisFailure? {
        do {
            try await body()
            return nil
        } catch {
            return error as? RedisFailure
        }
    }
}

extension RedisLimits {
    /// So long that a busy machine is not taken for a Redis that is away.
    static var patient: RedisLimits {
        var limits = RedisLimits()
        limits.deadlineMilliseconds = 30_000
        limits.silenceMilliseconds = 30_000
        limits.connectMilliseconds = 30_000
        return limits
    }
}

/// Runs `body` with a client that is up, and stops it afterward.
func withClient<Value>(
    port: Int, _ limits: RedisLimits = .patient, waits: Bool = true, logger: Logger = quiet,
    _ body: (RedisClient) async throws -> Value
) async throws -> Value {
    let client = RedisClient(
        try RedisAddress("redis://127.0.0.1:\(port)"), name: "test", limits: limits, logger: logger)
    do {
        if waits { await eventually { client.state == .up } }
        let value = try await body(client)
        await client.stop()
        return value
    } catch {
        await client.stop()
        throw error
    }
}
