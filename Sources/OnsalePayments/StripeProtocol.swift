import Foundation

/// The part of Stripe's PaymentIntents protocol that is spoken here. <https://docs.stripe.com/api/payment_intents>
enum StripeProtocol {
    /// Shared by all; never changed after this.
    static let decoder = JSONDecoder()
    static let encoder = JSONEncoder()

    enum Status: String, Codable, Sendable {
        case requiresPaymentMethod = "requires_payment_method"
        case requiresConfirmation = "requires_confirmation"
        case requiresAction = "requires_action"
        case processing
        case requiresCapture = "requires_capture"
        case canceled
        case succeeded
    }

    struct Charge: Codable, Sendable {
        var id: String
        var object = "charge"
        var amountRefunded: Int64

        enum CodingKeys: String, CodingKey {
            case id, object
            case amountRefunded = "amount_refunded"
        }
    }

    /// `latest_charge`: an id, or the whole when it was asked to be expanded.
    enum ChargeReference: Codable, Sendable {
        case id(String)
        case expanded(Charge)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let id = try? container.decode(String.self) {
                self = .id(id)
            } else {
                self = .expanded(try container.decode(Charge.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .id(let id): try container.encode(id)
            case .expanded(let charge): try container.encode(charge)
            }
        }
    }

    struct Intent: Codable, Sendable {
        var id: String
        var object = "payment_intent"
        var amount: Int64
        var amountCapturable: Int64
        var amountReceived: Int64
        var currency: String
        var status: Status
        var captureMethod: String?
        var paymentMethod: String?
        var metadata: [String: String]
        var latestCharge: ChargeReference?
        var created: Int64

        enum CodingKeys: String, CodingKey {
            case id, object, amount, currency, status, metadata, created
            case amountCapturable = "amount_capturable"
            case amountReceived = "amount_received"
            case captureMethod = "capture_method"
            case paymentMethod = "payment_method"
            case latestCharge = "latest_charge"
        }
    }

    struct Refund: Codable, Sendable {
        var id: String
        var object = "refund"
        var amount: Int64
        var currency: String
        var paymentIntent: String
        var status: String

        enum CodingKeys: String, CodingKey {
            case id, object, amount, currency, status
            case paymentIntent = "payment_intent"
        }
    }

    struct List<Element: Codable & Sendable>: Codable, Sendable {
        var object = "list"
        var data: [Element]
        var hasMore = false

        enum CodingKeys: String, CodingKey {
            case object, data
            case hasMore = "has_more"
        }
    }

    struct Problem: Codable, Sendable {
        var type: String
        var code: String?
        var declineCode: String?
        var message: String?
        var paymentIntent: Intent?

        enum CodingKeys: String, CodingKey {
            case type, code, message
            case declineCode = "decline_code"
            case paymentIntent = "payment_intent"
        }
    }

    struct ErrorBody: Codable, Sendable {
        var error: Problem
    }

    struct Event: Codable, Sendable {
        struct Content: Codable, Sendable {
            var object: Intent
        }

        var id: String
        var object = "event"
        var type: String
        var created: Int64
        var data: Content
    }
}
