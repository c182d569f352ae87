import Crypto
import NIOCore
import OnsaleEngine
import Synchronization

/// Seating plans, plain and compressed. A plan is loaded once for everyone asking at the same time. The cache is
/// bounded in bytes and drops the least recently used.
final class PlanCache: Sendable {
    private enum Form: Hashable {
        case plain, gzipped
    }

    private struct Key: Hashable {
        let digest: [UInt8]
        let form: Form
    }

    private struct State {
        var loading: [Key: Task<ByteBuffer?, any Error>] = [:]
        var kept: [Key: ByteBuffer] = [:]
        /// Least recently used first.
        var order: [Key] = []
        var bytes = 0
        var loads = 0
    }

    private let engine: Engine
    private let bytesMax: Int
    private let state = Mutex(State())

    init(engine: Engine, bytesMax: Int = 64 << 20) {
        self.engine = engine
        self.bytesMax = bytesMax
    }

    /// Plans read so far, and bytes kept now; for tests.
    var loads: Int { state.withLock { $0.loads } }
    var bytesKept: Int { state.withLock { $0.bytes } }

    func plain(_ digest: [UInt8]) async throws -> ByteBuffer? {
        try await get(Key(digest: digest, form: .plain))
    }

    func gzipped(_ digest: [UInt8]) async throws -> ByteBuffer? {
        try await get(Key(digest: digest, form: .gzipped))
    }

    private func get(_ key: Key) async throws -> ByteBuffer? {
        let task = state.withLock { state -> Task<ByteBuffer?, any Error> in
            if let kept = state.kept[key] {
                if let index = state.order.firstIndex(of: key) { state.order.append(state.order.remove(at: index)) }
                return Task { kept }
            }
            if let loading = state.loading[key] { return loading }
            let loading = Task.detached { [self] in try await load(key) }
            state.loading[key] = loading
            state.loads += 1
            return loading
        }
        return try await task.value
    }

    private func load(_ key: Key) async throws -> ByteBuffer? {
        let loaded: Result<ByteBuffer?, any Error>
        do { loaded = .success(try await read(key)) } catch { loaded = .failure(error) }
        state.withLock { state in
            state.loading[key] = nil
            if case .success(let buffer?) = loaded { keep(buffer, key, &state) }
        }
        return try loaded.get()
    }

    private func keep(_ buffer: ByteBuffer, _ key: Key, _ state: inout State) {
        guard buffer.readableBytes <= bytesMax else { return }
        state.kept[key] = buffer
        state.order.append(key)
        state.bytes += buffer.readableBytes
        while state.bytes > bytesMax, let oldest = state.order.first {
            state.order.removeFirst()
            state.bytes -= state.kept.removeValue(forKey: oldest)?.readableBytes ?? 0
        }
    }

    private func read(_ key: Key) async throws -> ByteBuffer? {
        switch key.form {
        case .plain: return try await engine.document(digest: key.digest).map { ByteBuffer(bytes: $0) }
        case .gzipped:
            // Compressing a large plan takes long, so the result is kept on disk.
            let name = Array(SHA256.hash(data: Array("gzip:".utf8) + key.digest))
            if let kept = try await engine.document(digest: name) { return ByteBuffer(bytes: kept) }
            guard let document = try await engine.document(digest: key.digest) else { return nil }
            guard let gzipped = Gzip.compress(ByteBuffer(bytes: document), level: 6) else { return nil }
            try? await engine.keepDocument(Array(gzipped.readableBytesView), digest: name)
            return gzipped
        }
    }
}
