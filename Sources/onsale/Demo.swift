import Foundation
import Logging
import OnsaleEngine
import OnsaleHTTP

/// What `--demo` puts on sale: the example arena.
enum Demo {
    static let eventID = "arena-night-1"

    static func openArena(in engine: Engine, logger: Logger) async throws {
        guard !engine.summaries().contains(where: { $0.id == eventID }) else { return }
        guard let url = BundledFile.url("Examples/arena.json", of: "onsale"),
            let plan = try? String(contentsOf: url, encoding: .utf8)
        else {
            logger.warning("The example arena was not installed with the program, so nothing is on sale yet")
            return
        }
        let request = """
            {"id": "\(eventID)", "title": "Arena Night", "venue": "Arena", "startsAt": "2030-03-01T10:00:00.000Z",
             "currency": "KRW", "seatingPlan": \(plan),
             "areas": [{"name": "Standing", "capacity": 3000, "category": "Standing"}],
             "prices": [{"category": "VIP", "amount": 198000}, {"category": "R", "amount": 176000},
                        {"category": "S", "amount": 154000}, {"category": "A", "amount": 121000},
                        {"category": "Standing", "amount": 132000}],
             "onsale": {"waitingRoom": false, "passSeconds": 600},
             "limits": {"ticketsPerBuyer": 4, "holdSeconds": 300}}
            """
        try await EventImport.create(fromJSON: Array(request.utf8), in: engine)
    }
}
