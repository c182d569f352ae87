/// A line of Stripe's list of all that changed a balance. <https://docs.stripe.com/api/balance_transactions/object>
extension StripeProtocol {
    struct BalanceTransaction: Codable, Sendable {
        var id: String
        var object: String? = "balance_transaction"
        var amount: Int64
        var availableOn: Int64?
        var created: Int64
        var currency: String
        var fee: Int64?
        var net: Int64?
        var reportingCategory: String?
        var source: Source?
        var status: String?
        var type: String

        enum CodingKeys: String, CodingKey {
            case id, object, amount, created, currency, fee, net, source, status, type
            case availableOn = "available_on"
            case reportingCategory = "reporting_category"
        }

        /// As it is answered unless the request expanded the source.
        var collapsed: BalanceTransaction {
            guard case .expanded(let expanded)? = source else { return self }
            var transaction = self
            transaction.source = .id(expanded.id)
            return transaction
        }
    }

    /// What a balance transaction goes back to: an id, or the whole object if the request expanded it.
    enum Source: Codable, Sendable {
        case id(String)
        case expanded(SourceObject)

        init(from decoder: any Decoder) throws {
            let container = try decoder.singleValueContainer()
            if let id = try? container.decode(String.self) {
                self = .id(id)
            } else {
                self = .expanded(try container.decode(SourceObject.self))
            }
        }

        func encode(to encoder: any Encoder) throws {
            var container = encoder.singleValueContainer()
            switch self {
            case .id(let id): try container.encode(id)
            case .expanded(let object): try container.encode(object)
            }
        }
    }

    /// The part in use of a charge, refund or dispute.
    struct SourceObject: Codable, Sendable {
        var id: String
        var object: String?
        var paymentIntent: String?
        var metadata: [String: String]?

        enum CodingKeys: String, CodingKey {
            case id, object, metadata
            case paymentIntent = "payment_intent"
        }
    }
}
