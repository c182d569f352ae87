import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleValues

/// Who listens at this node to waiting rooms that any node may write, so that their owners learn of it.
package protocol Listeners: Sendable {
    /// The holders of these places listen now. Called on the broadcaster's thread, so it must not block.
    func note(_ places: [UInt32], listeningTo event: String)

    /// Answers another node that asks who listens here; nil if the question makes no sense.
    func answer(_ question: [UInt8]) -> [UInt8]?
}

/// The way in which nodes ask each other who listens, without anything between them. It is no part of the contract: to
/// whoever doesn't show the nodes' secret there is no such path.
struct ListenersWay: Sendable {
    static let path = "/v1/nodes/listeners"
    private static let questionBytesMax = 512 << 10
    private static let answerBytesMax = 16 << 20
    private static let seconds = 5

    let nodes: Nodes
    let listeners: any Listeners

    /// Answers another node.
    func respond(to request: Request, _ context: OnsaleContext) async throws -> Response {
        guard context.relay != nil else { throw Problem.notFound }
        let question = try await Body.collect(request, upTo: ListenersWay.questionBytesMax)
        guard let answer = listeners.answer(Array(question.readableBytesView)) else {
            throw Problem(.malformedRequest, "This is no question about listeners.")
        }
        return Response(
            status: .ok, headers: [.contentType: "application/octet-stream"],
            body: .init(byteBuffer: ByteBuffer(bytes: answer)))
    }

    /// Asks another node.
    /// - Returns: nil if no answer came.
    func ask(_ question: [UInt8], ofNode name: String) async -> [UInt8]? {
        guard let peer = nodes.places.peers.first(where: { $0.name == name }) else { return nil }
        let sent = Forwarder.Sent(
            method: .post, target: ListenersWay.path,
            fields: [.contentType: "application/octet-stream", .onsaleHops: "1"],
            body: ByteBuffer(bytes: question), lane: .prompt, seconds: ListenersWay.seconds)
        guard case .answered(let answer) = await nodes.forwarder.send(sent, to: peer) else { return nil }
        guard answer.isOK else {
            await answer.drop()
            return nil
        }
        let whole = try? await within(seconds: ListenersWay.seconds) {
            try await answer.whole(upTo: ListenersWay.answerBytesMax)
        }
        return (whole ?? nil).map { Array($0.readableBytesView) }
    }
}

extension OnsaleService {
    /// Asks another node who listens there.
    /// - Parameter question: as its ``Listeners`` understands it.
    /// - Returns: nil if no answer came.
    package func ask(_ question: [UInt8], ofNode name: String) async -> [UInt8]? {
        await listenersWay?.ask(question, ofNode: name)
    }
}
