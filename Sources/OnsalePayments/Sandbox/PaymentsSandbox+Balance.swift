import Hummingbird

/// The sandbox's `/v1/balance_transactions`.
extension PaymentsSandbox {
    /// Newest first, within a time range. `starting_after` an unknown line is a mistake, as at Stripe.
    func balance(_ form: [String: String]) -> Response {
        let from = form["created[gte]"].flatMap(Int64.init) ?? 0
        let to = form["created[lte]"].flatMap(Int64.init) ?? .max
        let limit = min(PaymentsSandbox.pageMax, max(1, form["limit"].flatMap(Int.init) ?? 10))
        let after = form["starting_after"]
        let found: [StripeProtocol.BalanceTransaction]? = store.read { state in
            guard after.map(state.balance.has) ?? true else { return nil }
            return state.balance.newest(from: from, to: to, after: after, atMost: limit + 1)
        }
        guard let found else {
            return problem(
                400, "invalid_request_error", code: "resource_missing", "No such balance transaction: '\(after ?? "")'")
        }
        let page = found.prefix(limit)
        let isExpanded = form["expand[]"] == "data.source"
        return json(
            200,
            StripeProtocol.List(
                data: isExpanded ? Array(page) : page.map(\.collapsed), hasMore: found.count > limit))
    }
}
