import Foundation
import Logging
import Synchronization

/// What the sandbox remembers: intents, and the answer given under each idempotency key. Everything is synced to disk
/// before it is answered; changes that arrive together share a sync.
final class SandboxStore: Sendable {
    struct Failure: Error, CustomStringConvertible {
        let reason: String

        var description: String { "the sandbox's log: \(reason)" }
    }

    /// An intent with what the protocol doesn't show.
    struct Record: Codable, Sendable {
        var intent: StripeProtocol.Intent
        var refunded: Int64
        var refunds: [StripeProtocol.Refund]?
        /// Where the payer confirms, and where they return to.
        var authentication: Authentication?
        /// When the money was taken, in seconds since 1970.
        var capturedAt: Int64?
    }

    struct Authentication: Codable, Sendable {
        let secret: String
        let returnURL: String?
    }

    /// The answer given under a key.
    struct Answer: Codable, Sendable {
        var fingerprint: String
        var status: Int
        var body: String
        var at: Int64
        /// Whether the body is just the record's intent.
        var showsIntent: Bool?

        func shortened(for record: Record?) -> Answer {
            guard showsIntent == true, record != nil else { return self }
            var answer = self
            answer.body = ""
            return answer
        }

        func completed(from record: Record?) -> Answer {
            guard showsIntent == true, body.isEmpty, let record,
                let body = try? StripeProtocol.encoder.encode(record.intent)
            else {
                return self
            }
            var answer = self
            answer.body = String(decoding: body, as: UTF8.self)
            return answer
        }
    }

    /// One line of the log. An answer that only shows its record isn't written twice.
    private struct Line: Codable, Sendable {
        var record: Record?
        var key: String?
        var answer: Answer?
    }

    struct State: Sendable {
        private(set) var records: [String: Record] = [:]
        /// The intents of each order, and all of them in the order they were made: a sale asks for both at its worst
        /// minute.
        private(set) var intentsByOrder: [String: [String]] = [:]
        private(set) var made: [(created: Int64, id: String)] = []
        private(set) var balance = SandboxBalance()
        var answers: [String: Answer] = [:]
        /// For payment methods that fail a number of times: requests seen per key. Not kept on disk.
        var tries: [String: Int] = [:]

        /// Up to `max` intents made within a time range (in seconds), newest first, starting after the one named.
        func newest(from: Int64, to: Int64, after: String?, atMost max: Int) -> [StripeProtocol.Intent] {
            let last = after.flatMap { records[$0] }.map { ($0.intent.created ?? 0, $0.intent.id) }
            let end = madeCount { one in one.created <= to && last.map { (one.created, one.id) < $0 } ?? true }
            return made[..<end].reversed().prefix(max).prefix { $0.created >= from }.compactMap {
                records[$0.id]?.intent
            }
        }

        /// Binary search: how many intents come before the first for which `before` is false.
        private func madeCount(_ before: ((created: Int64, id: String)) -> Bool) -> Int {
            var (low, high) = (0, made.count)
            while low < high {
                let middle = (low + high) / 2
                if before(made[middle]) { low = middle + 1 } else { high = middle }
            }
            return low
        }

        mutating func keep(_ record: Record) {
            let id = record.intent.id
            balance.keep(record)
            guard records.updateValue(record, forKey: id) == nil else { return }
            if let order = record.intent.metadata?["order"] { intentsByOrder[order, default: []].append(id) }
            let created = record.intent.created ?? 0
            made.insert((created, id), at: madeCount { ($0.created, $0.id) < (created, id) })
        }
    }

    private struct Queue {
        var lines: [Line] = []
        var waiting: [Waiter] = []
        var isWriting = false
    }

    private struct Waiter {
        let answer: Answer
        let continuation: CheckedContinuation<Answer, any Error>
    }

    private let state = Mutex(State())
    private let queue = Mutex(Queue())
    private let file: URL
    private let descriptor: Int32
    private let writing = DispatchQueue(label: "onsale.sandbox.log")

    /// The most keys whose tries are counted.
    private static let triesMax = 100_000
    /// How long keys are kept, in seconds; older ones are dropped when the log is opened.
    static let keySeconds: Int64 = 86_400

    init(folder: URL) throws {
        try FileManager.default.createDirectory(
            at: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        file = folder.appendingPathComponent("payments.log")
        let loaded = try SandboxStore.load(file)
        state.withLock { $0 = loaded }
        try SandboxStore.compact(loaded, to: file)
        descriptor = open(file.path, O_WRONLY | O_APPEND | O_CLOEXEC)
        guard descriptor >= 0 else { throw Failure(reason: String(cString: strerror(errno))) }
    }

    deinit { close(descriptor) }

    /// Reads a log without changing it. A last line cut off by a crash was never answered. Any other unreadable line is
    /// damage, and the log is left alone.
    static func load(_ file: URL) throws -> State {
        var state = State()
        guard let content = try? Data(contentsOf: file) else { return state }
        let decoder = StripeProtocol.decoder
        let lines = content.split(separator: UInt8(ascii: "\n"))
        for (number, text) in lines.enumerated() {
            guard let line = try? decoder.decode(Line.self, from: Data(text)) else {
                if number == lines.count - 1, content.last != UInt8(ascii: "\n") { break }
                throw Failure(reason: "line \(number + 1) of \(file.lastPathComponent) can't be read")
            }
            if let record = line.record { state.keep(record) }
            if let key = line.key, let answer = line.answer { state.answers[key] = answer.completed(from: line.record) }
        }
        return state
    }

    private static func compact(_ state: State, to file: URL) throws {
        let limit = Int64(Date().timeIntervalSince1970) - keySeconds
        var content = Data()
        let encoder = StripeProtocol.encoder
        for record in state.made.compactMap({ state.records[$0.id] }) {
            content += try encoder.encode(Line(record: record)) + [UInt8(ascii: "\n")]
        }
        for (key, answer) in state.answers where answer.at >= limit {
            content += try encoder.encode(Line(key: key, answer: answer)) + [UInt8(ascii: "\n")]
        }
        let temporary = file.appendingPathExtension("new")
        try content.write(to: temporary)
        let written = open(temporary.path, O_WRONLY)
        guard written >= 0, fsync(written) == 0, close(written) == 0, rename(temporary.path, file.path) == 0 else {
            throw Failure(reason: String(cString: strerror(errno)))
        }
    }

    func read<Value>(_ body: (State) -> Value) -> Value {
        state.withLock { body($0) }
    }

    /// Counts a request under a key, and returns how many came before it.
    func countTry(_ key: String) -> Int {
        state.withLock { state in
            // A method that fails twice may then fail twice more; fine for a sandbox.
            if state.tries.count >= SandboxStore.triesMax { state.tries.removeAll() }
            defer { state.tries[key, default: 0] += 1 }
            return state.tries[key] ?? 0
        }
    }

    /// Changes the state and stores the change; returns once it is on disk.
    /// - Parameter body: returns the changed record, if any, and the answer. It must not suspend.
    func change(key: String?, _ body: (inout State) -> (Record?, Answer)) async throws -> Answer {
        try await withCheckedThrowingContinuation { continuation in
            let mustWrite = state.withLock { state in
                let (record, answer) = body(&state)
                if let record { state.keep(record) }
                if let key { state.answers[key] = answer }
                let line = Line(record: record, key: key, answer: key == nil ? nil : answer.shortened(for: record))
                // Queued under the state's lock, so that the log has changes in the order they were made.
                return queue.withLock { queue in
                    queue.lines.append(line)
                    queue.waiting.append(Waiter(answer: answer, continuation: continuation))
                    defer { queue.isWriting = true }
                    return !queue.isWriting
                }
            }
            if mustWrite { writing.async { [self] in writeUntilEmpty() } }
        }
    }

    private func writeUntilEmpty() {
        while true {
            let (lines, waiting) = queue.withLock { queue in
                defer {
                    queue.lines = []
                    queue.waiting = []
                }
                queue.isWriting = !queue.waiting.isEmpty
                return (queue.lines, queue.waiting)
            }
            guard !waiting.isEmpty else { return }
            if let failure = append(lines) {
                giveUp(waiting, failure)
            } else {
                for waiter in waiting { waiter.continuation.resume(returning: waiter.answer) }
            }
        }
    }

    /// Forgets a change that could not be stored, with all that followed: memory is reread from disk.
    private func giveUp(_ waiting: [Waiter], _ failure: Failure) {
        let others = queue.withLock { queue in
            defer {
                queue.lines = []
                queue.waiting = []
            }
            return queue.waiting
        }
        if let kept = try? SandboxStore.load(file) { state.withLock { $0 = kept } }
        for waiter in waiting + others { waiter.continuation.resume(throwing: failure) }
    }

    /// Appends all lines or none.
    private func append(_ lines: [Line]) -> Failure? {
        var bytes: [UInt8] = []
        for line in lines {
            guard let text = try? StripeProtocol.encoder.encode(line) else {
                return Failure(reason: "a line could not be written")
            }
            bytes += text
            bytes.append(UInt8(ascii: "\n"))
        }
        let before = lseek(descriptor, 0, SEEK_END)
        let written = bytes.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
        if written == bytes.count, fdatasync(descriptor) == 0 { return nil }
        let reason = String(cString: strerror(errno))
        ftruncate(descriptor, before)
        return Failure(reason: reason)
    }
}
