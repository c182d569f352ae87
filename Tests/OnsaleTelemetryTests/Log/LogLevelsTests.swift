import Logging
import Seeded
import Testing

@testable import OnsaleTelemetry

struct LogLevelsTests {
    private let levels = LogLevels(.notice)

    private func setting(_ label: String) -> LogLevels.Setting? {
        levels.all.first { $0.label == label }?.setting
    }

    @Test("A logger has the level of the nearest name above it that has one")
    func inherits() throws {
        let http = levels.effective("onsale.http")
        let access = levels.effective("onsale.http.access")
        let other = levels.effective("onsalex")
        #expect(http.level == .notice)
        try levels.set(.debug, for: "onsale")
        #expect(http.level == .debug && access.level == .debug)
        // It only looks alike.
        #expect(other.level == .notice)
        try levels.set(.error, for: "onsale.http")
        #expect(http.level == .error && access.level == .error)
        #expect(setting("onsale.http.access") == .init(level: nil, effective: .error))
        // A logger made later, too.
        #expect(levels.effective("onsale.http.late").level == .error)
        #expect(levels.effective("onsale.saga").level == .debug)
    }

    @Test("Without a level of its own again, a logger follows the one above")
    func resets() throws {
        let access = levels.effective("onsale.http.access")
        try levels.set(.debug, for: "onsale")
        try levels.set(.critical, for: "onsale.http.access")
        #expect(access.level == .critical)
        try levels.set(nil, for: "onsale.http.access")
        #expect(access.level == .debug)
        try levels.set(nil, for: "onsale")
        #expect(access.level == .notice)
        #expect(setting("onsale") == .init(level: nil, effective: .notice))
    }

    @Test(
        "A name that no logger has, nor any below it, is refused", arguments: ["", "on", "onsale.ht", "onsale.http.x"])
    func unknown(label: String) {
        _ = levels.effective("onsale.http")
        _ = levels.effective("")
        #expect(throws: LogLevels.UnknownLabel.self) { try levels.set(.trace, for: label) }
        #expect(levels.effective("onsale.http").level == .notice)
        #expect(levels.all.map(\.label) == ["onsale", "onsale.http"])
    }

    @Test("There may be any number of loggers, but no more than a thousand are kept")
    func isBounded() {
        for number in 0..<1500 { #expect(levels.effective("l\(number)").level == .notice) }
        #expect(levels.all.count == 1000)
    }

    @Test("Many who change levels at once leave every logger with the level that the settings say")
    func changesAtOnce() async throws {
        let labels = ["a", "a.b", "a.b.c", "a.b.d", "a.e"]
        let loggers = labels.map(levels.effective)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<8 as Range<UInt64> {
                group.addTask { [levels] in
                    var random = SeededRandom(seed: seed)
                    for number in 0..<500 {
                        let level = ([nil] + Logger.Level.allCases.map(Optional.some)).randomElement(using: &random)
                        try levels.set(level ?? nil, for: labels.randomElement(using: &random) ?? "a")
                        _ = levels.effective("a.b.new\(seed).\(number % 20)")
                    }
                }
            }
            try await group.waitForAll()
        }
        let settings = Dictionary(levels.all.map { ($0.label, $0.setting) }) { first, _ in first }
        for (label, setting) in settings {
            let above = label.lastIndex(of: ".").flatMap { settings[String(label[..<$0])]?.effective } ?? .notice
            #expect(setting.effective == setting.level ?? above, "\(label)")
            #expect(levels.effective(label).level == setting.effective, "\(label)")
        }
        // Those who asked before the changes follow as well.
        #expect(zip(labels, loggers).allSatisfy { settings[$0]?.effective == $1.level })
    }
}
