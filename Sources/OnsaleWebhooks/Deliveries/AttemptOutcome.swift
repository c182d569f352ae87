/// How an attempt ended.
package enum AttemptOutcome: Hashable, Sendable {
    /// A status of 200 to 299. Complete headers are an answer; what becomes of the body changes nothing.
    case delivered(status: Int)
    /// Another status, redirects included: they are never followed.
    case refused(status: Int, retryAfterSeconds: Int64? = nil)
    /// 410: the endpoint wants no more, ever.
    case gone
    /// The answer was no HTTP, or too large.
    case garbled
    /// There was no answer in time.
    case late
    /// The connection ended before an answer.
    case cut
    /// No connection: nobody listens, no such name, TLS failed.
    case unreachable(Unreachable)
    /// The host has an address where deliveries mustn't go. Nothing was sent.
    case forbidden
    /// Nothing was tried: too much is under way here, or it was stopped. Says nothing about the endpoint.
    case notTried

    package enum Unreachable: String, Hashable, Sendable {
        case name, connection, tls
    }

    /// As it stands in the log.
    package var name: String {
        switch self {
        case .delivered: "delivered"
        case .refused: "refused"
        case .gone: "gone"
        case .garbled: "garbled"
        case .late: "late"
        case .cut: "cut"
        case .unreachable(let what): "unreachable-\(what.rawValue)"
        case .forbidden: "forbidden"
        case .notTried: "not-tried"
        }
    }

    package var status: Int? {
        switch self {
        case .delivered(let status), .refused(let status, _): status
        case .gone: 410
        default: nil
        }
    }

    package var retryAfterSeconds: Int64? {
        if case .refused(_, let seconds) = self { seconds } else { nil }
    }
}
