import Crypto
import NIOCore
import OnsaleEngine
import OnsaleValues
import Synchronization

/// Documents that another node has read already, for a while. It may be empty, or away.
package protocol SharedDocumentCache: Sendable {
    /// - Parameter name: a digest in hex.
    /// - Returns: what a node kept under this name; nil if there is nothing.
    func get(_ name: String) async -> [UInt8]?
    /// Doesn't wait.
    func keep(_ bytes: [UInt8], as name: String)
}

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
    private let shared: (any SharedDocumentCache)?
    private let bytesMax: Int
    private let state = Mutex(State())

    init(engine: Engine, shared: (any SharedDocumentCache)? = nil, bytesMax: Int = 64 << 20) {
        self.engine = engine
        self.shared = shared
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
        case .plain:
            return try await document(key.digest) { Array(SHA256.hash(data: $0)) == key.digest }.map {
                ByteBuffer(bytes: $0)
            }
        case .gzipped:
            // Compressing a large plan takes long, so the result is kept on disk.
            let name = Array(SHA256.hash(data: Array("gzip:".utf8) + key.digest))
            if let kept = try await document(name) { return ByteBuffer(bytes: kept) }
            guard let document = try await engine.document(digest: key.digest) else { return nil }
            guard let gzipped = Gzip.compress(ByteBuffer(bytes: document), level: 6) else { return nil }
            let bytes = Array(gzipped.readableBytesView)
            try? await engine.keepDocument(bytes, digest: name)
            shared?.keep(bytes, as: Hex.encode(name))
            return gzipped
        }
    }

    /// What another node has read, else what is stored.
    /// - Parameter isRight: whether what another node has kept is what it should be.
    private func document(
        _ digest: [UInt8], _ isRight: (([UInt8]) -> Bool) = { _ in true }
    ) async throws -> [UInt8]? {
        if let kept = await shared?.get(Hex.encode(digest)), isRight(kept) { return kept }
        let document = try await engine.document(digest: digest)
        if let document { shared?.keep(document, as: Hex.encode(digest)) }
        return document
    }
}
