import Foundation
import OnsaleValues

extension SettlementConfiguration {
    /// Time zones as the system knows them, by IANA's names.
    /// - Parameter fallback: the zone where the organizer named none, or none that the system knows.
    /// - Returns: nil if the system doesn't know that one either.
    package static func systemOffset(fallback: String) -> ZoneOffset? {
        guard let other = TimeZone(identifier: fallback) else { return nil }
        return { name, moment in
            let zone = name.flatMap { TimeZone(identifier: $0) } ?? other
            return zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
        }
    }
}
