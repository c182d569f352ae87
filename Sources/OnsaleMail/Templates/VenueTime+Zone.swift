import Foundation
package import OnsaleValues

extension VenueTime {
    /// A moment in a zone of IANA's database, such as `Asia/Seoul`; without one, or with one that is unknown here, in UTC.
    package init(_ moment: Timestamp, zone name: String?) {
        let date = Date(timeIntervalSince1970: Double(moment.milliseconds) / 1000)
        let zone = name.flatMap { TimeZone(identifier: $0) }
        self.init(moment, offsetMinutes: zone.map { $0.secondsFromGMT(for: date) / 60 })
    }
}
