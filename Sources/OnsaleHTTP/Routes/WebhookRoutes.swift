import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsalePayments

/// Notices from the payment provider. None is believed: each only makes us ask the provider.
struct WebhookRoutes: RouteGroup {
    let engine: Engine
    /// Shared with the provider.
    let secret: String
    /// nil where there is only this one.
    let nodes: Nodes?

    var endpoints: [Endpoint] {
        [
            Endpoint(
                "receivePaymentNotice", .post, "/v1/webhooks/payments", for: .server, at: .several,
                "Takes a notice of the payment provider, and asks the provider about that order.", by: .anyone,
                takes: .bytes(.paymentNotice), [.stripeSignature], gives: [.init(200, "It is received.", .receipt)],
                refuses: [
                    .malformedRequest: "the body is not JSON, or the signature does not fit it or is old"
                ], receivePaymentNotice)
        ]
    }

    private struct Event: Decodable {
        struct Content: Decodable {
            struct Object: Decodable {
                let id: String?
                let object: String?
                let paymentIntent: String?
                let metadata: [String: String]?

                private enum CodingKeys: String, CodingKey {
                    case id, object, metadata
                    case paymentIntent = "payment_intent"
                }

                /// An event may be of any kind, so a field of another type is ignored.
                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    id = try? container.decode(String.self, forKey: .id)
                    object = try? container.decode(String.self, forKey: .object)
                    paymentIntent = try? container.decode(String.self, forKey: .paymentIntent)
                    metadata = try? container.decode([String: String].self, forKey: .metadata)
                }

                /// The payment the event is about: named by refunds and disputes, itself for a payment intent.
                var intent: String? { paymentIntent ?? (object == "payment_intent" ? id : nil) }
            }

            let object: Object
        }

        let type: String?
        let data: Content

        /// Whether money went back, or may have to.
        var isAboutReturn: Bool { !(type?.hasPrefix("payment_intent.") ?? false) }
    }

    private func receivePaymentNotice(_ call: Call<Void, Void>) async throws -> Response {
        let isValid = WebhookSignature.isValid(
            call.request.headers.plain(.stripeSignature, bytesMax: 2048) ?? "", Array(call.bytes.readableBytesView),
            secret: secret, nowSeconds: Int64(Date().timeIntervalSince1970))
        guard isValid else {
            throw Problem(.malformedRequest, "The Stripe-Signature does not match the body, or is too old.")
        }
        let event = try Body.decode(Event.self, from: call.request, call.bytes)
        let object = event.data.object
        let order = object.metadata?["order"].flatMap { PublicID(.order, text: $0) }
        guard order != nil || object.intent != nil else { return WebhookRoutes.received }
        if let nodes, let passed = try await passOn(call, about: order, nodes) { return passed }
        engine.inquire(about: order?.text, intent: object.intent, isAboutReturn: event.isAboutReturn)
        return WebhookRoutes.received
    }

    private static var received: Response { .json(.ok) { $0.member("received", true) } }

    /// Passes a notice on to the owner of the order's event; to all nodes, this one too, where that is unknown.
    /// - Returns: the owner's answer; nil if this node takes the notice too.
    /// - Throws: ``Problem`` if one of them that writes events gives no answer. The provider sends the notice again, and to ask twice does no
    ///   harm.
    private func passOn(
        _ call: Call<Void, Void>, about order: PublicID?, _ nodes: Nodes
    ) async throws -> Response? {
        var request = call.request
        request.body = RequestBody(buffer: call.bytes)
        if let event = order.flatMap({ engine.id(ofEventWithTag: $0.tag) }) {
            guard let owner = try nodes.peer(for: event, call.context) else { return nil }
            return try await nodes.passOn(
                &request, call.context, to: owner, about: event, bodyBytesMax: Body.bytesMax,
                seconds: ServingNode.promptSeconds, lane: .prompt)
        }
        guard call.context.relay == nil else { return nil }
        let sent = nodes.sent(request, call.bytes, call.context, seconds: ServingNode.promptSeconds, lane: .prompt)
        let owners = nodes.places.owners
        try await withThrowingTaskGroup(of: Void.self) { group in
            for peer in nodes.places.peers {
                group.addTask {
                    guard case .answered(let answer) = await nodes.ask(peer, sent) else {
                        if owners.contains(peer.name) { throw Problem.nobodyAnswers() }
                        return
                    }
                    await answer.drop()
                    guard answer.isOK else { throw Problem.nobodyAnswers() }
                }
            }
            try await group.waitForAll()
        }
        return nil
    }
}
