import AsyncHTTPClient
import Foundation
import HTTPTypes
import NIOCore
import NIOHTTP1
import NIOPosix
import OnsaleCorrelation
import Tracing

/// Sends requests to other nodes, each once.
struct Forwarder: Sendable {
    /// A request as it goes to a node.
    struct Sent: Sendable {
        let method: HTTPRequest.Method
        /// Path and query, as they came.
        let target: String
        let fields: HTTPFields
        /// Whole, so that it can be sent again; a node that answers itself holds it whole too.
        let body: ByteBuffer?
        let lane: PeerPool.Lane
        /// Within which the answer must begin.
        let seconds: Int
    }

    /// What came of it.
    enum Outcome: Sendable {
        case answered(Answer)
        /// Nothing was sent.
        case unsent(ForwardMetrics.Outcome)
        /// It was sent. Whether it was done, nobody knows.
        case unknown(ForwardMetrics.Outcome)
    }

    /// The head of an answer, and its body to come. Whoever keeps it keeps the room that it takes up.
    struct Answer: Sendable {
        let head: HTTPClientResponse
        let room: PeerPool.Room

        var isOK: Bool { head.status == .ok }

        /// Reads an answer that is of no use, so that its connection is of use again.
        func drop() async { _ = try? await whole(upTo: Forwarder.droppedBytesMax) }

        func whole(upTo bytesMax: Int) async throws -> ByteBuffer { try await head.body.collect(upTo: bytesMax) }

        /// The node that the peer says isn't the owner: itself, or one that it has asked.
        var notOwner: String? { head.headers.first(name: HTTPField.Name.onsaleNotOwner.rawName) }
    }

    private static let droppedBytesMax = 64 << 10

    let secret: NodeSecret
    let pool = PeerPool()
    let metrics = ForwardMetrics()

    /// Sends a request to a node and waits for the head of its answer.
    func send(_ sent: Sent, to peer: Peer) async -> Outcome {
        guard let url = Forwarder.url(peer, sent.target) else {
            metrics.count(.unreachable, peer)
            return .unsent(.unreachable)
        }
        guard let room = pool.take(peer, sent.lane) else {
            metrics.count(.full, peer)
            return .unsent(.full)
        }
        let tracer = InstrumentationSystem.tracer
        let span = tracer.startSpan("forward", ofKind: .client)
        defer { span.end() }
        var fields = sent.fields
        fields[.onsaleNodeSecret] = secret.text
        var request = HTTPClientRequest(url: url)
        request.method = HTTPMethod(rawValue: sent.method.rawValue)
        request.headers = HTTPHeaders(fields.map { ($0.name.rawName, $0.value) })
        request.body = sent.body.map { .bytes($0) }
        tracer.inject(span.context, into: &request.headers, using: HeaderInjector())
        let began = DispatchTime.now().uptimeNanoseconds
        do {
            let head = try await pool.client(sent.lane).execute(request, timeout: .seconds(Int64(sent.seconds)))
            guard head.headers.first(name: HTTPField.Name.onsaleNode.rawName) == peer.name else {
                metrics.count(.stranger, peer)
                Forwarder.describe(span, sent, peer, status: Int(head.status.code), error: .stranger)
                return .unknown(.stranger)
            }
            let answer = Answer(head: head, room: room)
            let elapsed = DispatchTime.now().uptimeNanoseconds - began
            let took = head.headers.first(name: HTTPField.Name.onsaleTook.rawName).flatMap { Int64($0) } ?? 0
            metrics.count(answer.notOwner == nil ? .answered : .notOwner, peer)
            metrics.added(nanoseconds: max(0, Int64(elapsed) - max(0, min(took, 1 << 40)) * 1000), peer)
            Forwarder.describe(span, sent, peer, status: Int(head.status.code), error: nil)
            return .answered(answer)
        } catch {
            var outcome = Forwarder.outcome(error)
            // While the connections to it are taken, one that waits in vain for one says nothing of the peer.
            if error as? HTTPClientError == .getConnectionFromPoolTimeout, pool.isCrowded(peer, sent.lane) {
                outcome = .full
            }
            metrics.count(outcome, peer)
            Forwarder.describe(span, sent, peer, status: nil, error: outcome)
            return [.unreachable, .full].contains(outcome) ? .unsent(outcome) : .unknown(outcome)
        }
    }

    /// The peer's address with the request's target; nil if the peer has none that can be used.
    static func url(_ peer: Peer, _ target: String) -> String? {
        guard let parts = URL(string: peer.url), ["http", "https"].contains(parts.scheme), parts.host?.isEmpty == false,
            parts.hasUsablePort, parts.user == nil, target.hasPrefix("/")
        else { return nil }
        let base = peer.url.hasSuffix("/") ? String(peer.url.dropLast()) : peer.url
        // A fragment is for the client alone.
        return base + target.prefix { $0 != "#" }
    }

    /// What an error of the client's says of the request. Only what is certain not to have been sent counts as unsent.
    static func outcome(_ error: any Error) -> ForwardMetrics.Outcome {
        switch error {
        case is NIOConnectionError: return .unreachable
        // An established connection breaks with other errors than these.
        case let error as IOError:
            return [ECONNREFUSED, EADDRNOTAVAIL].contains(error.errnoCode) ? .unreachable : .lost
        case let error as ChannelError:
            if case .connectTimeout = error { return .unreachable }
            return .lost
        case let error as HTTPClientError:
            switch error {
            case .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout, .invalidURL, .emptyHost,
                .emptyScheme, .alreadyShutdown:
                return .unreachable
            case .deadlineExceeded, .readTimeout: return .late
            default: return .lost
            }
        default: return .lost
        }
    }

    private static func describe(
        _ span: any Span, _ sent: Sent, _ peer: Peer, status: Int?, error: ForwardMetrics.Outcome?
    ) {
        guard span.isRecording else { return }
        span.attributes["http.request.method"] = sent.method.rawValue
        span.attributes["onsale.owner"] = peer.name
        if let parts = URLComponents(string: peer.url) {
            span.attributes["server.address"] = parts.host
            span.attributes["server.port"] = parts.port ?? (parts.scheme == "https" ? 443 : 80)
        }
        if let status { span.attributes["http.response.status_code"] = status }
        guard let type = error?.rawValue ?? status.flatMap({ $0 >= 500 ? "\($0)" : nil }) else { return }
        span.attributes["error.type"] = type
        span.setStatus(SpanStatus(code: .error))
    }
}

private struct HeaderInjector: Injector {
    func inject(_ value: String, forKey key: String, into headers: inout HTTPHeaders) {
        headers.replaceOrAdd(name: key, value: value)
    }
}
