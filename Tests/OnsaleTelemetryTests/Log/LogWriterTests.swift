import Foundation
import Logging
import Testing

@testable import OnsaleTelemetry

@Suite(.timeLimit(.minutes(1))) struct LogWriterTests {
    /// A pipe that nobody reads until a test does.
    private final class UnreadPipe: Sendable {
        let input: Int32
        let output: Int32

        init() throws {
            var ends: [Int32] = [0, 0]
            try #require(pipe(&ends) == 0)
            (output, input) = (ends[0], ends[1])
        }

        deinit {
            close(output)
            close(input)
        }

        /// Reads until `isDone`, or until nothing more comes.
        func read(until isDone: ([UInt8]) -> Bool) -> [UInt8] {
            var all: [UInt8] = []
            var part = [UInt8](repeating: 0, count: 1 << 16)
            while !isDone(all) {
                var waiting = pollfd(fd: output, events: Int16(POLLIN), revents: 0)
                guard poll(&waiting, 1, 20_000) == 1 else { break }
                let count = Foundation.read(output, &part, part.count)
                guard count > 0 else { break }
                all += part[..<count]
            }
            return all
        }

        func readLine() -> String {
            String(decoding: read { $0.last == UInt8(ascii: "\n") }, as: UTF8.self)
        }
    }

    private func line(_ text: String, bytes: Int = 0) -> [UInt8] {
        Array((text + String(repeating: ".", count: max(0, bytes - text.utf8.count - 1)) + "\n").utf8)
    }

    @Test("Lines come out whole and in their order")
    func keepsOrder() throws {
        let pipe = try UnreadPipe()
        let writer = LogWriter(descriptor: pipe.input) { _ in [] }
        let lines = (0..<1000).map { line("line \($0)") }
        for line in lines { writer.write(line, isUrgent: false) }
        let expected = Array(lines.joined())
        #expect(pipe.read { $0.count >= expected.count } == expected)
    }

    @Test("While nobody reads, no one who logs waits, memory is bounded, and every lost line is told afterwards")
    func neverBlocks() throws {
        let pipe = try UnreadPipe()
        let writer = LogWriter(descriptor: pipe.input) { Array("dropped \($0)\n".utf8) }
        // 16 megabytes. If one write waited for the pipe, this would never end.
        let (lines, bytes) = (16 << 10, 1 << 10)
        for number in 0..<lines { writer.write(line("line \(number)", bytes: bytes), isUrgent: false) }
        var kept: [Int] = []
        var dropped = 0
        var rest: [UInt8] = []
        while kept.count + dropped < lines {
            let part = pipe.read { !$0.isEmpty }
            guard !part.isEmpty else { break }
            rest += part
            let whole = rest.lastIndex(of: UInt8(ascii: "\n")).map { rest[...$0] } ?? []
            for line in whole.split(separator: UInt8(ascii: "\n")) {
                let words = String(decoding: line, as: UTF8.self).split { $0 == " " || $0 == "." }
                switch words.first {
                case "line" where line.count == bytes - 1: kept.append(Int(words[1]) ?? -1)
                case "dropped": dropped += Int(words[1]) ?? 0
                default: Issue.record("a torn line: \(words)")
                }
            }
            rest.removeFirst(whole.count)
        }
        #expect(kept.count + dropped == lines)
        #expect(kept == kept.sorted() && Set(kept).count == kept.count)
        // Four megabytes wait, as much may be on its way, and the pipe itself holds some.
        #expect(kept.count * bytes <= 9 << 20, "\(kept.count) lines were kept")
        #expect(kept.count * bytes >= 3 << 20, "\(kept.count) lines were kept")
    }

    @Test("An urgent line is out when the call returns")
    func urgent() throws {
        let pipe = try UnreadPipe()
        let writer = LogWriter(descriptor: pipe.input) { _ in [] }
        for number in 0..<100 {
            writer.write(line("urgent \(number)"), isUrgent: true)
            // It would wait for ever, were there nothing to read.
            var waiting: Int32 = 0
            #expect(ioctl(pipe.output, UInt(FIONREAD), &waiting) == 0 && waiting > 0)
            #expect(pipe.readLine() == "urgent \(number)\n")
        }
    }

    @Test("A descriptor that doesn't block loses nothing either")
    func nonblocking() throws {
        let pipe = try UnreadPipe()
        #expect(fcntl(pipe.input, F_SETFL, O_NONBLOCK) == 0)
        let writer = LogWriter(descriptor: pipe.input) { _ in [] }
        let lines = (0..<1000).map { line("line \($0)", bytes: 1 << 10) }
        for line in lines { writer.write(line, isUrgent: false) }
        let expected = Array(lines.joined())
        #expect(pipe.read { $0.count >= expected.count } == expected)
    }

    @Test("A logger's records come out with its level, its metadata and no secret")
    func system() throws {
        let pipe = try UnreadPipe()
        let scrubber = Scrubber(secrets: ["the admin's token"])
        let system = LogSystem(format: .text, level: .info, scrubber: scrubber, descriptor: pipe.input)
        var logger = Logger(label: "onsale.http") { system.handler($0, Logger.MetadataProvider { ["event": "outer"] }) }
        logger[metadataKey: "part"] = "one"
        logger.debug("Not at this level")
        logger.info("Refused the admin's token", metadata: ["event": "inner"])
        system.flush()
        #expect(pipe.readLine().hasSuffix(" info onsale.http: Refused [secret] event=inner part=one\n"))
        try system.levels.set(.debug, for: "onsale")
        scrubber.hide(["learnt later"])
        logger.debug("Now it is, with learnt later")
        system.flush()
        #expect(pipe.readLine().hasSuffix(" debug onsale.http: Now it is, with [secret] event=outer part=one\n"))
        // A level set in the code stays.
        logger.logLevel = .error
        try system.levels.set(.trace, for: "onsale.http")
        logger.notice("Too low")
        logger.error("High enough")
        system.flush()
        #expect(pipe.readLine().contains("High enough"))
    }
}
