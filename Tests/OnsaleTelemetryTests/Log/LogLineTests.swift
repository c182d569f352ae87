import Foundation
import Logging
import Seeded
import Testing

@testable import OnsaleTelemetry

struct LogLineTests {
    private static let time = timespec(tv_sec: 1_795_730_400, tv_nsec: 7_999_999)

    private func bytes(
        _ format: LogFormat, _ message: String, _ metadata: Logger.Metadata = [:], label: String = "onsale.test",
        secrets: [String] = []
    ) -> [UInt8] {
        var line = LogLine(format: format, scrubber: Scrubber(secrets: secrets))
        line.write(
            time: LogLineTests.time, level: .info, label: label, message: message, metadata: metadata)
        return line.bytes
    }

    private func line(_ format: LogFormat, _ message: String, _ metadata: Logger.Metadata = [:]) -> String {
        String(decoding: bytes(format, message, metadata), as: UTF8.self)
    }

    private func members(_ bytes: [UInt8]) throws -> [String: Any] {
        try #require(JSONSerialization.jsonObject(with: Data(bytes)) as? [String: Any])
    }

    @Test("JSON: time, level, label and message, then what the work is about, then the rest by name")
    func json() {
        let metadata: Logger.Metadata = [
            "zone": "b", "order": "ord_1", "buyer": "b1", "attempt": "\(3)", "event": "gala", "request_id": "r",
            "span_id": "s", "trace_id": "t", "list": ["x", ["y": "z"]],
        ]
        #expect(
            line(.json, "Sold", metadata) == """
                {"time":"2026-11-26T22:00:00.007Z","level":"info","label":"onsale.test","message":"Sold",\
                "trace_id":"t","span_id":"s","request_id":"r","event":"gala","buyer":"b1","order":"ord_1",\
                "attempt":"3","list":["x",{"y":"z"}],"zone":"b"}

                """)
    }

    @Test("Text: the same order, with quotation marks where a value is more than a word")
    func text() {
        let metadata: Logger.Metadata = ["zone": "two words", "order": "ord_1", "none": "", "trace_id": "t", "q": "\""]
        #expect(
            line(.text, "Sold", metadata) == #"""
                2026-11-26T22:00:00.007Z info onsale.test: Sold trace_id=t order=ord_1 none="" q="\"" zone="two words"

                """#)
    }

    @Test("What stands in every record is there once, and metadata can't pose as it")
    func reserved() throws {
        let names = ["time", "level", "label", "message"]
        let forged = Logger.Metadata(uniqueKeysWithValues: names.map { ($0, "forged") })
        let bytes = bytes(.json, "true", forged)
        let members = try members(bytes)
        #expect(members["message"] as? String == "true" && members["label"] as? String == "onsale.test")
        #expect(members["level"] as? String == "info" && members["time"] as? String == "2026-11-26T22:00:00.007Z")
        #expect(names.allSatisfy { members[$0 + "_"] as? String == "forged" })
    }

    @Test("No member is there twice, whatever the keys are")
    func keysDiffer() throws {
        let metadata: Logger.Metadata = ["time": "a", "time_": "b", "level_": "c", "level": "d"]
        let line = line(.json, "m", metadata)
        // Readers take the first, the last or none of two.
        #expect(line.components(separatedBy: "\"time_\":").count == 2)
        #expect(line.components(separatedBy: "\"level_\":").count == 2)
    }

    @Test("A record is one line of plain text, whatever stands in it", arguments: 1...200 as ClosedRange<UInt64>)
    func isOneLine(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        func any() -> String { LogLineTests.anyText(&random) }
        let message = any()
        var metadata: Logger.Metadata = [:]
        var expected: [String: String] = [:]
        for number in 0..<Int.random(in: 0...5, using: &random) {
            let (key, value) = ("k\(number)" + any(), any())
            metadata[key] = number % 2 == 0 ? .string(value) : .stringConvertible(value)
            expected[key] = value
        }
        let nested = any()
        metadata["nested"] = .dictionary(["list": .array([.string(nested), .string(any())])])
        let label = any()

        for format in [LogFormat.json, .text] {
            let bytes = bytes(format, message, metadata, label: label)
            let text = try #require(String(validating: bytes, as: UTF8.self))
            #expect(bytes.count { $0 == UInt8(ascii: "\n") } == 1 && bytes.last == UInt8(ascii: "\n"))
            // Nothing that talks to a terminal, and nothing that some reader takes for the end of a line.
            let isPlain = text.unicodeScalars.dropLast().allSatisfy { scalar in
                scalar.value >= 0x20 && !(0x7f...0x9f).contains(scalar.value)
                    && ![0x2028, 0x2029].contains(scalar.value)
            }
            #expect(isPlain, "\(format) of seed \(seed)")
        }
        // And JSON gives back what went in, bit by bit.
        let members = try members(bytes(.json, message, metadata, label: label))
        #expect(Array((members["message"] as? String ?? "").utf8) == Array(message.utf8))
        #expect(Array((members["label"] as? String ?? "").utf8) == Array(label.utf8))
        for (key, value) in expected { #expect(Array((members[key] as? String ?? "").utf8) == Array(value.utf8)) }
        let list = (members["nested"] as? [String: [String]])?["list"]
        #expect(Array((list?.first ?? "").utf8) == Array(nested.utf8))
    }

    /// Much of what has broken logs: controls, line breaks of all kinds, escape sequences, quotation marks, and letters
    /// of all sizes.
    private static func anyText(_ random: inout SeededRandom) -> String {
        let odd = [
            "\n", "\r", "\r\n", "\t", "\0", "\u{8}", "\u{b}", "\u{c}", "\u{1b}[31m", "\u{1b}]0;title\u{7}", "\u{7f}",
            "\u{80}", "\u{85}", "\u{9b}31m", "\u{9f}", "\u{2028}", "\u{2029}", "\"", "\\", "\\n", "\\\"", "'", "{", "}",
            "\",\"level\":\"error", "=", " ", "é", "e\u{301}", "\u{301}", "漢字", "🎫", "\u{10ffff}", "\u{fffd}",
            "/", "<script>", "%n", "$(x)", "a", "seat", "\u{200d}", "\u{202e}",
        ]
        let count = Int.random(in: 0...12, using: &random)
        return (0..<count).map { _ in odd.randomElement(using: &random) ?? "" }.joined()
    }

    @Test(
        "A message or value of any size is cut at eight kilobytes, and says so", arguments: ["a", "é", "漢", "🎫", "\n"])
    func isLimited(letter: String) throws {
        let long = String(repeating: letter, count: 9000)
        for format in [LogFormat.json, .text] {
            let line = bytes(format, long, ["key": .string(long)])
            // What is escaped takes up more.
            #expect(line.count < 2 * 8192 * (letter == "\n" ? 2 : 1) + 200, "\(line.count) bytes")
            #expect(String(decoding: line, as: UTF8.self).contains("…"))
        }
        let message = try #require(try members(bytes(.json, long))["message"] as? String)
        #expect(message.utf8.count <= 8192 + 3 && message.utf8.count > 8100)
        // What just fits is whole.
        let fitting = String(repeating: letter, count: 8000 / letter.utf8.count)
        #expect(try members(bytes(.json, fitting))["message"] as? String == fitting)
    }

    @Test("Metadata of any depth is cut, and still JSON")
    func depthIsLimited() throws {
        var value = Logger.MetadataValue.string("bottom")
        for _ in 0..<100 { value = .array([.dictionary(["k": value])]) }
        let bytes = bytes(.json, "m", ["deep": value])
        #expect(bytes.count < 300)
        #expect(try members(bytes)["deep"] is [Any])
        #expect(!String(decoding: bytes, as: UTF8.self).contains("bottom"))
    }

    @Test("What is secret by its key or its looks is nowhere in the record", arguments: [LogFormat.json, .text])
    func scrubs(format: LogFormat) {
        let secret = "correct horse battery"
        let metadata: Logger.Metadata = [
            "Authorization": "hunter2-a", "token": ["hunter2-b"], "list": ["hunter2 is none", .string(secret)],
            "headers": ["cookie": "hunter2-c", "accept": "text/html"], "url": "/x?key=sk_live_hunter2d",
            "deep": ["a": ["b": ["password": "hunter2-e"]]],
        ]
        let line = String(
            decoding: bytes(format, "Got \(secret) and eyJhbGciOi.hunter2f", metadata, secrets: [secret]),
            as: UTF8.self)
        for leak in ["hunter2-a", "hunter2-b", "hunter2-c", "hunter2d", "hunter2-e", "hunter2f", secret] {
            #expect(!line.contains(leak), "\(leak) in \(line)")
        }
        #expect(line.contains("hunter2 is none") && line.contains("text/html"))
    }
}
