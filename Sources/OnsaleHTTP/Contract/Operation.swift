import HTTPTypes
import OnsaleAccounts

/// What the contract says of one way into the service. Router, authentication, limits and `/openapi.json` all come from it.
struct Operation: Sendable {
    /// By whom it is used, for readers of the document.
    enum Tag: String, CaseIterable {
        case organizer = "Organizer"
        case buyer = "Buyer"
        case door = "Door"
        case server = "Server"

        var description: String {
            switch self {
            case .organizer: "Create, watch, pause, block."
            case .buyer: "Find an event, get in, hold, pay."
            case .door: "Let people in."
            case .server: "The server itself."
            }
        }
    }

    /// Whether a repeated request is known again by its key.
    enum KeyRule {
        case none
        case taken
        case required
    }

    /// An answer that isn't a problem.
    struct Answer: Sendable {
        let status: Int
        let description: String
        let mediaType: String?
        let shape: Shape?
        let example: String?
        let headers: [AnswerHeader]

        /// JSON of the shape.
        init(_ status: Int, _ description: String, _ shape: Shape, headers: [AnswerHeader] = []) {
            self.init(status, description, "application/json", shape, headers: headers)
        }

        init(
            _ status: Int, _ description: String, _ mediaType: String? = nil, _ shape: Shape? = nil,
            example: String? = nil, headers: [AnswerHeader] = []
        ) {
            self.status = status
            self.description = description
            self.mediaType = mediaType
            self.shape = shape
            self.example = example
            self.headers = headers
        }
    }

    /// A way in which it may be refused, and when that is, for readers of the document.
    struct Refusal: Sendable {
        let slug: Problem.Slug
        let reason: String
    }

    let id: String
    let method: HTTPRequest.Method
    /// With `:name` for what varies.
    let path: String
    /// Where several nodes serve: the one that answers.
    let node: ServingNode
    let tag: Tag
    let summary: String
    let details: String?
    /// The names of the security schemes that open it, each alone; an empty name for none at all.
    let schemes: [String]
    /// The roles of the staff that suffice, the least of each kind.
    let roles: [StaffRole]
    let body: Shape?
    let parameters: [Parameter]
    let answers: [Answer]
    /// Every problem that it may be answered with, those that follow from the rest of the declaration included.
    let refusals: [Refusal]

    /// Whether the contract has such an answer.
    func allows(_ status: Int) -> Bool { answers.contains { $0.status == status } }
    /// Whoever guesses at the organizer's token is refused for guessing, wherever that is taken: said once for all.
    func allows(_ slug: Problem.Slug) -> Bool {
        refusals.contains { $0.slug == slug } || slug == .rateLimited && schemes.contains("adminToken")
    }
}
