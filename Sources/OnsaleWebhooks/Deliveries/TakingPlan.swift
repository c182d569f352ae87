/// Bounds of what is under way.
package struct WebhookLimits: Sendable {
    /// Attempts under way in this process.
    package var attemptsMax = 64
    /// Attempts under way to one endpoint, of all processes.
    package var attemptsPerEndpointMax = 4
    /// How many attempts to endpoints that fail may be under way together, so that they leave the others room.
    package var failingAttemptsMax = 16
    /// For how long a delivery is one sender's. Longer than an attempt can take.
    package var leaseMilliseconds: Int64 = 60_000
    package var endpointsMax = 100
    /// With more pending deliveries an endpoint is switched off.
    package var backlogMax = 100_000
    /// How long messages, deliveries and their log are kept.
    package var keptMilliseconds: Int64 = 30 * 86_400_000

    package init() {}
}

/// Which endpoints' deliveries to take next. Those with few attempts under way come first, and those that fail get one
/// at a time and only a part of all places: so one that is slow doesn't delay the others.
enum TakingPlan {
    /// An endpoint that is on.
    struct Load: Hashable, Sendable {
        let id: EndpointID
        let isFailing: Bool
        let underWay: Int
        /// How many could be taken, counted up to the bound of one endpoint.
        let due: Int
    }

    /// How many to take of each endpoint, none of others.
    /// - Parameter free: how many more attempts this process may make.
    static func places(
        _ loads: [Load], free: Int, limits: WebhookLimits, using generator: inout some RandomNumberGenerator
    ) -> [EndpointID: Int] {
        var free = free
        var failingFree = limits.failingAttemptsMax - loads.filter(\.isFailing).reduce(0) { $0 + $1.underWay }
        var places: [EndpointID: Int] = [:]
        // Who comes first among equals mustn't always be the same one.
        let loads = loads.shuffled(using: &generator)
        for round in 0..<limits.attemptsPerEndpointMax {
            for load in loads where load.underWay <= round && (round == 0 || !load.isFailing) {
                let taken = places[load.id] ?? 0
                guard free > 0, load.underWay + taken == round, taken < load.due else { continue }
                if load.isFailing {
                    guard failingFree > 0 else { continue }
                    failingFree -= 1
                }
                places[load.id] = taken + 1
                free -= 1
            }
        }
        return places
    }
}
