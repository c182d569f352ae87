/// Numbers as people read them. What isn't known is a dash.
enum TopNumber {
    static let unknown = "–"

    /// 12,345
    static func count(_ value: Double?) -> String {
        guard let whole = whole(value) else { return unknown }
        var digits = String(whole.magnitude)
        var groups: [String] = []
        while digits.count > 3 {
            groups.insert(String(digits.suffix(3)), at: 0)
            digits.removeLast(3)
        }
        return (whole < 0 ? "-" : "") + ([digits] + groups).joined(separator: ",")
    }

    /// 0, <0.1, 3.4, 12,345: something never looks like nothing.
    static func rate(_ value: Double?) -> String {
        guard let value else { return unknown }
        if value == 0 || value.magnitude >= 9.95 { return count(value) }
        return value > 0 && value < 0.05 ? "<0.1" : fixed(value, digits: 1)
    }

    /// 12 µs, 3.4 ms, 340 ms, 1.2 s, 2.0 min
    static func seconds(_ value: Double?) -> String {
        scaled(value, units: [("min", 60), ("s", 1), ("ms", 1e-3), ("µs", 1e-6)])
    }

    /// 12 B, 12.3 MB
    static func bytes(_ value: Double?) -> String {
        scaled(value, units: [("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3), ("B", 1)])
    }

    /// 12 %, of a share from 0 to 1; all and nothing only if it is.
    static func percent(_ share: Double?) -> String {
        guard let share, share.isFinite else { return unknown }
        let rounded = (share * 100).rounded()
        if share < 1, rounded >= 100 { return "99%" }
        return share > 0 && rounded == 0 ? "<1%" : count(rounded) + "%"
    }

    /// 3 d 4 h, 3 h 12 min, 12 min 5 s
    static func age(_ seconds: Double?) -> String {
        guard let whole = whole(seconds?.rounded(.down)) else { return unknown }
        let parts = [("d", whole / 86_400), ("h", whole / 3600 % 24), ("min", whole / 60 % 60), ("s", whole % 60)]
        let first = parts.firstIndex { $0.1 > 0 } ?? 3
        return parts[first...].prefix(2).map { "\($0.1) \($0.0)" }.joined(separator: " ")
    }

    /// The most exact form that fits: 12,345, then 12345, then 12k.
    static func fit(_ value: Double?, width: Int) -> String {
        guard let value, value.isFinite else { return unknown }
        let forms = [count(value), count(value).filter { $0 != "," }] + short(value)
        return forms.first { $0.count <= width } ?? forms.last ?? unknown
    }

    private static func short(_ value: Double) -> [String] {
        let units = [("T", 1e12), ("G", 1e9), ("M", 1e6), ("k", 1e3)]
        guard let unit = units.first(where: { value.magnitude >= $0.1 }) else { return [] }
        return [1, 0].map { fixed(value / unit.1, digits: $0) + unit.0 }
    }

    private static func scaled(_ value: Double?, units: [(String, Double)]) -> String {
        guard let value, value.isFinite, let smallest = units.last else { return unknown }
        let unit = value == 0 ? smallest : units.first { value.magnitude >= $0.1 } ?? smallest
        let amount = value / unit.1
        return (amount.magnitude >= 99.95 || amount == 0 || unit.0 == "B" ? count(amount) : fixed(amount, digits: 1))
            + " " + unit.0
    }

    private static func fixed(_ value: Double, digits: Int) -> String {
        guard digits > 0 else { return count(value) }
        guard let tenths = whole(value * 10) else { return unknown }
        return (tenths < 0 ? "-" : "") + "\(tenths.magnitude / 10).\(tenths.magnitude % 10)"
    }

    /// Rounded; nil for what no whole number can tell.
    private static func whole(_ value: Double?) -> Int? {
        guard let value, value.magnitude < 1e18 else { return nil }
        return Int(value.rounded())
    }
}
