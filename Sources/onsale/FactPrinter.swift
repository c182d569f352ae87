import Foundation
import OnsaleEngine
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom

/// Prints a fact as one line of JSON, for people who look into a journal.
enum FactPrinter {
    static func line(_ fact: Fact, sequence: UInt64, time: Timestamp) -> String {
        var members: [(String, Any)] = [
            ("sequence", sequence), ("time", time.milliseconds), ("fact", fact.kindName),
        ]
        switch fact {
        case .created(let definition):
            members += [
                ("event", definition.id), ("title", definition.profile.title),
                ("seats", definition.plan.seats.count), ("areas", definition.plan.areas.count),
            ]
        case .sale(let fact): members += self.members(fact.body)
        case .line(let fact): members += self.members(fact.body)
        case .audited(let note):
            members += [
                ("by", note.actor), ("account", note.account ?? ""), ("action", "\(note.action)"),
                ("detail", note.detail),
            ]
        case .epochBegun(let begun):
            members += [("epoch", begun.epoch), ("owner", "\(begun.owner)")]
        case .profileChanged(let profile): members += self.members(profile)
        }
        return "{" + members.map { "\(json($0.0)):\(json($0.1))" }.joined(separator: ",") + "}"
    }

    /// A fact's fields by their Swift names, so that new fields are printed unasked.
    private static func members(_ body: Any) -> [(String, Any)] {
        Mirror(reflecting: body).children.flatMap { member($0.label ?? "", $0.value) }
    }

    private static func member(_ label: String, _ value: Any) -> [(String, Any)] {
        switch value {
        // Left out: a key is just a digest, and the bank's address is for the payer alone.
        case _ where ["key", "url"].contains(label): []
        // Before the others, since a missing value passes for one of any kind.
        case let text as String?: [(label, text ?? "")]
        // Not the draw's seed, which must stay secret until the opening and is published then.
        case let seed as [UInt8] where label == "seed": [("commitment", Hex.encode(Draw.commitment(to: seed)))]
        case let hash as [UInt8]: [(label, Hex.encode(hash))]
        case Places.seats(let seats): [("seats", seats), ("quantity", seats.count)]
        case Places.area(let area, let quantity): [("area", area), ("quantity", quantity)]
        case let schedule as OnsaleSchedule:
            [("opensAt", schedule.opensAt.milliseconds), ("cap", schedule.maxActiveShoppers)]
        case let terms as SaleTerms: members(terms)
        case let buyer as BuyerID: [(label, buyer.text)]
        case let moment as Timestamp: [(label, moment.milliseconds)]
        default: [(label, value)]
        }
    }

    private static func json(_ value: Any) -> String {
        switch value {
        case let text as String:
            String(decoding: (try? JSONEncoder().encode(text)) ?? Data("\"\"".utf8), as: UTF8.self)
        case let flag as Bool: flag ? "true" : "false"
        case let id as any SerialNumber: "\(id.serial)"
        case let seats as [SeatIndex]: "[" + seats.map { "\($0.value)" }.joined(separator: ",") + "]"
        case let amounts as [Int64]: "[" + amounts.map(String.init).joined(separator: ",") + "]"
        case let number as any BinaryInteger: "\(number)"
        default: json("\(value)")
        }
    }
}
