import Foundation
import NIOCore
import NIOFoundationCompat
import OnsaleEngine
import OnsaleSale

/// A zone of a seating plan: its seats follow on each other in plan order.
struct PlanSection: Sendable, Equatable {
    /// Empty where the plan gives none.
    let name: String
    let seats: Range<Int>
}

/// The sections of the events' plans, which only the plans as given tell of. Read once each.
actor PlanSections {
    /// A plan with more zones than this has no sections that a person could look over.
    static let sectionsMax = 500
    private static let plansMax = 200

    private let plans: PlanCache
    private var kept: [[UInt8]: [PlanSection]] = [:]

    init(plans: PlanCache) {
        self.plans = plans
    }

    /// None for an event without seats, or with too many zones.
    func sections(of definition: EventDefinition) async throws -> [PlanSection] {
        guard let digest = definition.planDigest, !definition.plan.seats.isEmpty else { return [] }
        if let known = kept[digest] { return known }
        guard let bytes = try await plans.plain(digest) else { return [] }
        let sections = PlanSections.sections(inPlan: bytes)
        // Whoever wrote it, it must be the plan that is sold.
        let isWhole = sections.last?.seats.upperBound == definition.plan.seats.count
        if kept.count >= PlanSections.plansMax { kept.removeAll() }
        kept[digest] = isWhole && sections.count <= PlanSections.sectionsMax ? sections : []
        return kept[digest] ?? []
    }

    private struct Outline: Decodable {
        struct Zone: Decodable {
            struct Row: Decodable {
                struct Seat: Decodable {}
                let seats: [Seat]
            }
            let name: String?
            let rows: [Row]?
        }
        let zones: [Zone]
    }

    static func sections(inPlan bytes: ByteBuffer) -> [PlanSection] {
        guard let outline = try? JSONDecoder().decode(Outline.self, from: bytes) else { return [] }
        var first = 0
        return outline.zones.compactMap { zone in
            let count = (zone.rows ?? []).reduce(0) { $0 + $1.seats.count }
            defer { first += count }
            return count == 0 ? nil : PlanSection(name: zone.name ?? "", seats: first..<first + count)
        }
    }
}
