import OnsaleBus
import OnsaleHTTP
import OnsaleHistory
import OnsaleRelay
import OnsaleTables

/// What services have said of orders, as the organizer sees it.
struct FulfilmentNotes: OrderNotes {
    /// The relay's.
    let tables: any Tables

    func steps(of order: String) async throws -> [StoryStep] {
        try await tables.read { try FulfilmentTables.steps(of: order, in: $0) }.map(\.story)
    }

    func bounced(among orders: [String]) async throws -> Set<String> {
        try await tables.read { try FulfilmentTables.bounced(among: orders, in: $0) }
    }
}

extension FulfilmentStep {
    /// As the story of an order has it.
    fileprivate var story: StoryStep {
        let (what, detail): (String, String) =
            switch type {
            case .ticketsIssued: ("Tickets made", "For paper, screen and calendar.")
            case .ticketsVoided: ("Tickets voided", "Their files let nobody in any more.")
            case .mailSent: ("Mail sent", "It told of: \(reason ?? "the order").")
            case .mailBounced: ("Mail came back", reason ?? "The mail server gave no reason.")
            case .eligibilityGranted: ("Eligibility granted", reason ?? "The organizer's endpoint said yes.")
            case .eligibilityRefused: ("Eligibility refused", reason ?? "The organizer's endpoint said no.")
            default: ("Said on the bus", type.rawValue)
            }
        return StoryStep(at: at, what: what, detail: detail)
    }
}
