/// How the organizer's endpoint is reached.
public protocol EligibilityEndpoint: Sendable {
    /// POSTs once: no redirects, no repetition. Takes no longer than the request's timeout, and reads no more of the
    /// answer than ``EligibilityAnswer/bytesMax`` and one byte.
    /// - Throws: if there is no answer.
    func post(_ request: EligibilityRequest) async throws -> EligibilityResponse
}

/// What an endpoint said, unread.
public struct EligibilityResponse: Hashable, Sendable {
    public let status: Int
    public let body: [UInt8]

    public init(status: Int, body: [UInt8]) {
        self.status = status
        self.body = body
    }
}
