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
                let metadata: [String: String]?
            }

            let object: Object
        }

        let data: Content
    }

    func webhook(_ request: Request, _ context: OnsaleContext) async throws -> Response {
        let body = try await Body.collect(request)
        let isValid = WebhookSignature.isValid(
            request.headers[.stripeSignature] ?? "", Array(body.readableBytesView), secret: settings.webhookSecret,
            nowSeconds: Int64(Date().timeIntervalSince1970))
        guard isValid else {
            throw Problem(.malformedRequest, "The Stripe-Signature does not fit the body, or is old.")
        }
        let event = try Body.decode(Event.self, from: request, body)
        if let order = event.data.object.metadata?["order"] { await engine.inquire(about: order) }
        return json(.ok) { $0.member("received", true) }
    }
}
