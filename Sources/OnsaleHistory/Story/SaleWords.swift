import OnsaleEngine
import OnsaleSale
import OnsaleValues

extension Cast {
    /// The words for a fact of the sale. They name neither keys, payment methods nor the bank's address.
    func words(for fact: SaleFact, at: Timestamp) -> Words {
        switch fact {
        case .held(let fact):
            let until = UTC.text(fact.expiresAt, beside: at)
            return Words(
                "Hold made",
                "\(name(of: fact.places).atSentenceStart) for \(money(fact.amount)). Answered: held until \(until).")
        case .holdReleased(let fact):
            let why =
                declines[fact.hold, default: 0] >= SaleTerms.declinesMax
                ? "after \(SaleTerms.declinesMax) declined payments" : "by the buyer, or because the pass ended"
            return Words("Seats released", "The hold was given back \(why). \(areFree(places(of: fact.hold)))")
        case .holdExpired(let fact):
            return Words("Hold expired", "Nobody paid for it in time. \(areFree(places(of: fact.hold)))")
        case .orderPlaced(let fact): return placed(fact)
        case .actionRequired(let fact):
            return Words(
                "Confirmation required",
                "The provider wants the payer to confirm payment \(fact.intent) with their bank. Answered: "
                    + "requires_action.")
        case .orderAuthorized(let fact):
            return Words(
                "Payment authorized",
                "The provider reserved \(amount(of: fact.order)) (payment \(fact.intent)). "
                    + "\(places(of: fact.order).atSentenceStart): sold from here on. Next, the money is taken.")
        case .orderConfirmed(let fact): return confirmed(fact)
        case .intentLearned(let fact):
            return Words("Payment known", "The provider's payment is \(fact.intent).")
        case .paymentDeclined(let fact):
            let isLast = declines[orders[fact.order]?.hold ?? 0, default: 0] + 1 >= SaleTerms.declinesMax
            let hold = isLast ? "" : " The hold was kept until \(UTC.text(fact.holdUntil, beside: at))."
            return Words(
                "Payment declined",
                "\(reason(fact.code, fact.order)) Answered: declined, \(fact.code).\(hold)\(letGo(fact.void))")
        case .orderDeclined(let fact):
            return Words(
                "Order declined",
                "\(reason(fact.code, fact.order)) Answered: declined, \(fact.code). "
                    + "\(areFree(places(of: fact.order)))" + letGo(fact.void))
        case .orderExpired(let fact):
            return Words(
                "Order expired",
                "The payment was not decided within \(SaleTerms.authorizationSeconds / 60) minutes. Answered: expired. "
                    + "\(areFree(places(of: fact.order)))" + letGo(true))
        case .voided:
            return Words("Reservation released", "The provider has no money reserved for this order any more.")
        case .capturedLate, .orderCancelled, .refunded, .refundedByProvider, .refundReversed, .disputed, .disputeWon,
            .strayFound, .strayReturned, .partReturned, .partRefunded:
            return returned(fact)
        case .blocked(let fact):
            return Words("Seats blocked", "The organizer kept back \(names(of: fact.seats))\(because(fact.reason)).")
        case .unblocked(let fact):
            return Words("Seats unblocked", "The organizer gave \(names(of: fact.seats)) back to the sale.")
        case .checkedIn(let fact):
            return Words(
                "Ticket checked in",
                "Ticket \(name(of: fact.ticket)) was used at the door\(fact.by.map { ", let in by \($0)" } ?? "").")
        case .termsChanged:
            return Words(
                "Prices or limits changed",
                "The organizer changed them for the holds that follow. What is held already keeps its price.")
        }
    }

    /// The words for money that goes back, and for what the provider does on its own.
    private func returned(_ fact: SaleFact) -> Words {
        switch fact {
        case .capturedLate(let fact):
            return Words(
                "Payment captured late",
                "The provider took \(money(fact.amount)) (payment \(fact.intent)) although the order had ended. It goes "
                    + "back.")
        case .orderCancelled(let fact):
            return Words(
                "Order cancelled",
                "By the \(fact.byOrganizer ? "organizer" : "buyer")\(because(fact.reason)). Its tickets are void. "
                    + "\(areFree(places(of: fact.order))) The money goes back. Answered: refunding.")
        case .partReturned(let fact):
            let places = orders[fact.order].flatMap { holds[$0.hold] }.map { name(of: $0.places, at: fact.positions) }
            return Words(
                "Part taken back",
                "By the organizer\(because(fact.reason)). The tickets for \(places ?? "some places") are void, and "
                    + "\(money(fact.amount)) go back. The rest stays confirmed.")
        case .partRefunded(let fact):
            return Words("Part refunded", "The provider gave money back: \(money(fact.total)) in all by now.")
        case .refunded(let fact):
            return Words(
                "Refund sent",
                fact.amount == 0
                    ? "Nothing was left to give back." : "The provider gave back \(money(fact.amount)).")
        case .refundedByProvider(let fact):
            return Words(
                "Refunded by the provider",
                "Without our asking, \(money(fact.total)) in all have gone back. If that is everything, the order is "
                    + "refunded, its tickets are void and its places free.")
        case .refundReversed(let fact):
            return Words(
                "Refund failed",
                "\(money(fact.amount)) that had gone back came back to the provider. It is asked to send the money again."
            )
        case .disputed:
            return Words("Payment disputed", "The payer disputes the payment. The tickets are void meanwhile.")
        case .disputeWon: return Words("Dispute won", "The payer's dispute is over. The tickets are valid again.")
        case .strayFound(let fact):
            return Words(
                "Second payment found",
                "There is a second payment, \(fact.intent), "
                    + (fact.captured > 0 ? "of \(money(fact.captured))" : "which only reserves money")
                    + ". It buys nothing and goes back.")
        case .strayReturned(let fact):
            return Words("Second payment returned", "The second payment, \(fact.intent), has gone back.")
        default: preconditionFailure("worded above")
        }
    }

    private func placed(_ fact: SaleFact.OrderPlaced) -> Words {
        Words(
            "Order placed",
            "Order \(id(of: fact.order)) for \(places(of: fact.order)), \(amount(of: fact.order)). The provider is asked "
                + "to reserve the money." + (fact.trace.map(trace) ?? ""))
    }

    /// The trace that a W3C traceparent names. Log lines have it even if no spans were recorded.
    private func trace(_ parent: String) -> String {
        let parts = parent.split(separator: "-")
        guard parts.count >= 4, let flags = UInt8(parts[3], radix: 16) else { return "" }
        return " Trace \(parts[1])" + (flags & 1 == 1 ? "." : " (not recorded).")
    }

    private func confirmed(_ fact: SaleFact.OrderConfirmed) -> Words {
        let tickets = quantity(of: fact.order).map { $0 == 1 ? "1 ticket" : "\($0) tickets" } ?? "its tickets"
        let payment = orders[fact.order]?.intent.map { " (payment \($0))" } ?? ""
        let taken =
            fact.captured == 0 ? "There was nothing to pay." : "The provider took \(money(fact.captured))\(payment)."
        return Words(
            "Order confirmed", "\(taken) Answered: confirmed, with \(tickets) for \(places(of: fact.order)).")
    }

    private func because(_ reason: String?) -> String { reason.map { " (“\($0)”)" } ?? "" }

    private func areFree(_ places: String) -> String {
        places.atSentenceStart
            + (places.hasPrefix("seat ") || places.hasPrefix("1 ") ? " is free again." : " are free again.")
    }

    private func letGo(_ void: Bool) -> String { void ? " Whatever is reserved is let go." : "" }

    private func reason(_ code: String, _ order: OrderID) -> String {
        let payment = orders[order]?.intent.map { " \($0)" } ?? ""
        return switch code {
        case SaleTerms.mismatchCode: "Payment\(payment) does not fit what was asked for, so it buys nothing."
        case "authorization_released": "Nothing is reserved under payment\(payment) any more."
        default: "The provider declined the payment\(payment)."
        }
    }
}
