import Foundation
import OnsaleValues

/// A schedule in a file:
/// `{"fees": [{"from": "2027-01-01T00:00:00+09:00", "per": "ticket", "currency": "KRW", "fixed": 500, "perMille": 35,
/// "rounding": "halfUp", "returned": false, "event": "evt_…", "category": "R"}]}`.
/// `from` and `per` must be there.
extension FeeSchedule {
    public static let bytesMax = 1 << 20

    /// - Throws: ``FeeScheduleError``.
    public init(json: [UInt8]) throws(FeeScheduleError) {
        guard json.count <= FeeSchedule.bytesMax else {
            throw FeeScheduleError("has \(json.count) bytes, more than \(FeeSchedule.bytesMax)")
        }
        let file: ScheduleFile
        do {
            file = try JSONDecoder().decode(ScheduleFile.self, from: Data(json))
        } catch let error as FeeScheduleError {
            throw error
        } catch let error as DecodingError {
            throw FeeScheduleError(error.words)
        } catch {
            throw FeeScheduleError("can't be read: \(error)")
        }
        try self.init(file.fees.map(\.rule))
    }
}

private struct ScheduleFile: Decodable {
    let fees: [Fee]

    init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: Member.self)
        try members.allowOnly(["fees"])
        fees = try members.decode([Fee].self, forKey: Member("fees"))
    }

    struct Fee: Decodable {
        let rule: FeeSchedule.Rule

        init(from decoder: any Decoder) throws {
            let members = try decoder.container(keyedBy: Member.self)
            try members.allowOnly([
                "event", "category", "currency", "from", "per", "fixed", "perMille", "rounding", "returned",
            ])
            let name = Member("from")
            guard let from = RFC3339.parse(try members.decode(String.self, forKey: name)) else {
                throw DecodingError.dataCorruptedError(
                    forKey: name, in: members, debugDescription: "It is no date-time of RFC 3339.")
            }
            rule = FeeSchedule.Rule(
                event: try members.decodeIfPresent(String.self, forKey: Member("event")),
                category: try members.decodeIfPresent(String.self, forKey: Member("category")),
                currency: try members.decodeIfPresent(String.self, forKey: Member("currency")), from: from,
                basis: try members.decode(FeeSchedule.Rule.Basis.self, forKey: Member("per")),
                fixed: try members.whole("fixed"),
                perMille: try members.whole("perMille"),
                rounding: try members.decodeIfPresent(Rounding.self, forKey: Member("rounding")) ?? .halfEven,
                isReturned: try members.decodeIfPresent(Bool.self, forKey: Member("returned")) ?? false)
        }
    }
}

/// The name of any member, so that those that nobody knows are seen.
private struct Member: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }

    init(_ name: String) { stringValue = name }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
}

extension KeyedDecodingContainer<Member> {
    /// A number; 0 if it isn't there. Foundation alone would call a fraction no JSON.
    fileprivate func whole(_ name: String) throws -> Int64 {
        do {
            return try decodeIfPresent(Int64.self, forKey: Member(name)) ?? 0
        } catch let error as DecodingError {
            throw error
        } catch {
            throw DecodingError.dataCorruptedError(
                forKey: Member(name), in: self, debugDescription: "It is no whole number, or too large.")
        }
    }

    /// A misspelt member would silently charge nothing.
    fileprivate func allowOnly(_ names: Set<String>) throws {
        guard let other = allKeys.first(where: { !names.contains($0.stringValue) }) else { return }
        throw DecodingError.dataCorruptedError(
            forKey: other, in: self, debugDescription: "Nobody knows this member.")
    }
}

extension DecodingError {
    fileprivate var words: String {
        switch self {
        case .keyNotFound(let key, let context): "lacks \(path(context.codingPath + [key]))"
        case .typeMismatch(_, let context), .valueNotFound(_, let context):
            "has another type than expected at \(path(context.codingPath))"
        case .dataCorrupted(let context) where context.codingPath.isEmpty:
            "can't be read: \(context.debugDescription.prefix(120))"
        case .dataCorrupted(let context):
            "can't be read at \(path(context.codingPath)): \(context.debugDescription.prefix(120))"
        @unknown default: "can't be read"
        }
    }
}

/// Such as `fees[0].from`.
private func path(_ keys: [any CodingKey]) -> String {
    let path = keys.prefix(8).map { key in key.intValue.map { "[\($0)]" } ?? "." + key.stringValue.prefix(40) }.joined()
    return path.isEmpty ? "its top" : String(path.drop { $0 == "." })
}
