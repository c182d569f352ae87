import Synchronization

@testable import OnsaleEligibility

/// An organizer who answers as the test wants, and notes who asked.
final class FakeEndpoint: EligibilityEndpoint {
    struct NoAnswer: Error {}

    typealias Reply = @Sendable (_ order: String, _ attempt: Int) async throws -> EligibilityResponse

    private let requests = Mutex<[EligibilityRequest]>([])
    private let reply: Reply

    init(_ reply: @escaping Reply) { self.reply = reply }

    func post(_ request: EligibilityRequest) async throws -> EligibilityResponse {
        let id = request.headers.first { $0.name == "webhook-id" }?.value ?? ""
        let attempt = requests.withLock { requests in
            requests.append(request)
            return requests.count { $0.headers.contains { $0.value == id } }
        }
        return try await reply(String(id.dropFirst("eligibility_".count)), attempt)
    }

    /// How often each order was asked about.
    var asked: [String: Int] {
        requests.withLock { requests in
            requests.reduce(into: [:]) { asked, request in
                let id = request.headers.first { $0.name == "webhook-id" }?.value ?? ""
                asked[String(id.dropFirst("eligibility_".count)), default: 0] += 1
            }
        }
    }
}

extension EligibilityResponse {
    static let yes = EligibilityResponse(status: 200, body: Array(#"{"eligible": true}"#.utf8))
    static let no = EligibilityResponse(status: 200, body: Array(#"{"eligible": false, "reason": "no member"}"#.utf8))
}
