import Foundation

/// The part of Stripe's PaymentIntents protocol in use here. <https://docs.stripe.com/api/payment_intents>
enum StripeProtocol {
    /// Shared by all; never changed after this.
    static let decoder = JSONDecoder()
    static let encoder = JSONEncoder()

    enum Status: Codable, Sendable, Equatable {
        case requiresPaymentMethod
        case requiresConfirmation
        case requiresAction
        case processing
        case requiresCapture
        case canceled
        case succeeded
        /// A status newer than this list.
        case unknown(String)

        private static let names: [(Status, String)] = [
            (.requiresPaymentMethod, "requires_payment_method"), (.requiresConfirmation, "requires_confirmation"),
            (.requiresAction, "requires_action"), (.processing, "processing"), (.requiresCapture, "requires_capture"),
            (.canceled, "canceled"), (.succeeded, "succeeded"),
        ]

        var name: String {
            if case .unknown(let name) = self { return name }
            return Status.names.first { $0.0 == self }?.1 ?? ""
        }

        init(from decoder: any Decoder) throws {
            let name = try decoder.singleValueContainer().decode(String.self)
            self = Status.names.first { $0.1 == name }?.0 ?? .unknown(name)
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            try container.encode(name)
        }
    }

    struct Charge: Codable, Sendable {
        var id: String
        var object: String? = "charge"
        var amountRefunded: Int64?
        var disputed: Bool?

        enum CodingKeys: String, CodingKey {
            case id, object, disputed
            case amountRefunded = "amount_refunded"
        }
    }

    /// `latest_charge`: an id, or the whole charge if the request expanded it.
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

    /// What the payer must do; here it is always to visit a page.
    struct NextAction: Codable, Sendable {
        struct Redirect: Codable, Sendable {
            var url: String?
            var returnURL: String?

            enum CodingKeys: String, CodingKey {
                case url
                case returnURL = "return_url"
            }
        }

        var type: String?
        var redirect: Redirect?

        enum CodingKeys: String, CodingKey {
            case type
            case redirect = "redirect_to_url"
        }
    }

    /// Only fields we use are required, so that other protocol versions may omit the rest.
    struct Intent: Codable, Sendable {
        var id: String
        var object: String? = "payment_intent"
        var amount: Int64
        var amountCapturable: Int64?
        var amountReceived: Int64?
        var currency: String
        var status: Status
        var captureMethod: String?
        var paymentMethod: String?
        var metadata: [String: String]?
        var latestCharge: ChargeReference?
        var nextAction: NextAction?
        var lastPaymentError: PaymentError?
        var created: Int64?

        enum CodingKeys: String, CodingKey {
            case id, object, amount, currency, status, metadata, created
            case amountCapturable = "amount_capturable"
            case amountReceived = "amount_received"
            case captureMethod = "capture_method"
            case paymentMethod = "payment_method"
            case latestCharge = "latest_charge"
            case nextAction = "next_action"
            case lastPaymentError = "last_payment_error"
        }
    }

    struct PaymentError: Codable, Sendable {
        var code: String?
        var declineCode: String?

        enum CodingKeys: String, CodingKey {
            case code
            case declineCode = "decline_code"
        }
    }

    struct Refund: Codable, Sendable {
        var id: String
        var object: String? = "refund"
        var amount: Int64
        var currency: String?
        var paymentIntent: String?
        var status: String?
        var created: Int64?
        var metadata: [String: String]?

        enum CodingKeys: String, CodingKey {
            case id, object, amount, currency, status, created, metadata
            case paymentIntent = "payment_intent"
        }
    }

    struct Dispute: Codable, Sendable {
        var id: String
        var object: String? = "dispute"
        var status: String?

        /// A dispute we won, or a mere inquiry, takes no money.
        var countsAgainstUs: Bool {
            guard let status else { return true }
            return status != "won" && status != "prevented" && !status.hasPrefix("warning_")
        }
    }

    struct List<Element: Codable & Sendable>: Codable, Sendable {
        var object: String? = "list"
        var data: [Element]
        var hasMore: Bool? = false

        enum CodingKeys: String, CodingKey {
            case object, data
            case hasMore = "has_more"
        }
    }

    struct Problem: Codable, Sendable {
        var type: String?
        var code: String?
        var declineCode: String?
        var message: String?
        var paymentIntent: Named?

        enum CodingKeys: String, CodingKey {
            case type, code, message
            case declineCode = "decline_code"
            case paymentIntent = "payment_intent"
        }
    }

    /// An intent inside an error; only its id is used.
    struct Named: Codable, Sendable {
        var id: String
    }

    struct ErrorBody: Codable, Sendable {
        var error: Problem
    }

    struct Event: Codable, Sendable {
        /// A payment, or a payment's charge.
        struct Object: Codable, Sendable {
            var id: String
            var object: String
            var paymentIntent: String?
            var metadata: [String: String]?
            var status: String?

            enum CodingKeys: String, CodingKey {
                case id, object, metadata, status
                case paymentIntent = "payment_intent"
            }
        }

        struct Content: Codable, Sendable {
            var object: Object
        }

        var id: String
        var object: String? = "event"
        var type: String
        var created: Int64
        var data: Content
    }
}
