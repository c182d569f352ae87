import Foundation
package import OnsaleValues

/// The zones that Foundation knows.
package struct SystemTimeZones: TimeZones {
    package init() {}

    package func offsetSeconds(of zone: String, at moment: Timestamp) -> Int? {
        TimeZone(identifier: zone)?.secondsFromGMT(
            for: Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000))
    }
}
