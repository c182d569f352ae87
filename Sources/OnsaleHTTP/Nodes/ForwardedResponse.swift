import AsyncHTTPClient
import HTTPTypes
import Hummingbird
import NIOCore
import NIOHTTP1

/// Another node's answer, on its way to the client.
extension Response {
    /// An answer up to this size is read whole, so that one that breaks off is no answer.
    private static let wholeBytesMax = 64 << 10

    /// - Parameters:
    ///   - peer: the node that was asked.
    ///   - isForNode: whether it goes to a node, which is told also what concerns only nodes.
    /// - Throws: ``Problem`` if a small answer breaks off.
    init(
        _ answer: Forwarder.Answer, from peer: Peer, to request: Request, isForNode: Bool
    ) async throws(Problem) {
        let head = answer.head
        var fields = HTTPFields()
        for (name, value) in head.headers {
            if let name = HTTPField.Name(name) { fields.append(HTTPField(name: name, value: value)) }
        }
        fields = HopByHop.removed(from: fields)
        // The node that answered may have asked another.
        let owner = fields[.onsaleOwner] ?? fields[.onsaleNode] ?? peer.name
        for name in [.onsaleNode, .onsaleOwner, .onsaleTook, .xRequestID] as [HTTPField.Name] { fields[name] = nil }
        if !isForNode { fields[.onsaleNotOwner] = nil }
        fields[.onsaleOwner] = owner
        let status = HTTPResponse.Status(code: Int(head.status.code), reasonPhrase: "")
        let length = fields[.contentLength].flatMap { Int($0) }
        let isEmpty = request.method == .head || status.code == 204 || status.code == 304
        if isEmpty || length.map({ $0 <= Response.wholeBytesMax }) ?? false {
            let body: ByteBuffer
            do { body = try await answer.whole(upTo: Response.wholeBytesMax) } catch { throw .unknownOutcome }
            if isEmpty {
                self.init(status: status, headers: fields)
            } else {
                self.init(status: status, headers: fields, body: ResponseBody(byteBuffer: body))
            }
            return
        }
        let isStream = fields.plain(.contentType)?.hasPrefix("text/event-stream") ?? false
        self.init(
            status: status, headers: fields,
            body: isStream
                ? Response.stream(answer, to: request)
                : ResponseBody(contentLength: length) { writer in
                    try await Response.copy(answer, to: &writer)
                })
    }

    private static func copy(_ answer: Forwarder.Answer, to writer: inout any ResponseBodyWriter) async throws {
        // A client that takes its time slows the other node down: nothing is read before what came is written.
        for try await piece in answer.head.body { try await writer.write(piece) }
        try await writer.finish(nil)
    }

    /// A body that goes on until either side goes. While nothing comes, nothing but the end of either wakes it.
    private static func stream(_ answer: Forwarder.Answer, to request: Request) -> ResponseBody {
        ResponseBody { writer in
            try await request.body.consumeWithCancellationOnInboundClose { _ in
                try await Response.copy(answer, to: &writer)
            }
        }
    }
}
