import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import OnsaleEngine
import OnsalePayments

/// What the payment provider tells us of its own accord. It is believed in nothing: it only makes us ask.
extension OnsaleService {
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

                /// Every field is taken only if it is what it should be: an event may be of any kind.
                init(from decoder: any Decoder) throws {
                    let container = try decoder.container(keyedBy: CodingKeys.self)
                    id = try? container.decode(String.self, forKey: .id)
                    object = try? container.decode(String.self, forKey: .object)
                    paymentIntent = try? container.decode(String.self, forKey: .paymentIntent)
                    metadata = try? container.decode([String: String].self, forKey: .metadata)
                }

                /// The payment that it is about: of refunds and disputes it is named.
                var intent: String? { paymentIntent ?? (object == "payment_intent" ? id : nil) }
            }

            let object: Object
        }

        let type: String?
        let data: Content

        /// Whether it tells of money that went back, or may have to.
        var isAboutReturn: Bool { !(type?.hasPrefix("payment_intent.") ?? false) }
    }

    func webhook(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let body = try await Body.collect(request)
        let isValid = WebhookSignature.isValid(
            request.headers.plain(.stripeSignature, bytesMax: 2048) ?? "", Array(body.readableBytesView),
            secret: settings.webhookSecret,
            nowSeconds: Int64(Date().timeIntervalSince1970))
        guard isValid else {
            throw Problem(.malformedRequest, "The Stripe-Signature does not fit the body, or is old.")
        }
        let event = try Body.decode(Event.self, from: request, body)
        let object = event.data.object
        let reference = object.metadata?["order"].flatMap { PublicID(.order, text: $0) }?.text
        if reference != nil || object.intent != nil {
            engine.inquire(about: reference, intent: object.intent, isAboutReturn: event.isAboutReturn)
        }
        return json(.ok) { $0.member("received", true) }
    }
}
