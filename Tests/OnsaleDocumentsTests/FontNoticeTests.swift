import Foundation
import Logging
import OnsaleDocuments
import Synchronization
import Testing

// Fontconfig reads its configuration once a process, so this needs one of its own.
#if compiler(>=6.2)
    @Suite struct FontNoticeTests {
        @Test("Without Korean letters, and without any, tickets are made all the same, and the log says so once")
        func missing() async {
            await #expect(processExitsWith: .success) { try render(withFontsOf: "/usr/share/fonts/truetype/dejavu") }
            await #expect(processExitsWith: .success) { try render(withFontsOf: "/nonexistent") }
        }
    }

    private func render(withFontsOf directory: String) throws {
        try withFolder { folder in
            let configuration = "<fontconfig><dir>\(directory)</dir><cachedir>\(folder)/cache</cachedir></fontconfig>"
            try write(Array(configuration.utf8), to: folder + "/fonts.conf")
            setenv("FONTCONFIG_FILE", folder + "/fonts.conf", 1)
            let count = CountingLog.Count()
            let notice = FontNotice(Logger(label: "test") { _ in CountingLog(count: count) })
            for _ in 0..<3 {
                let files = try TicketRenderer(notice: notice).files(of: order(), in: .korean)
                precondition(files.count == 2 && files.allSatisfy { !$0.own.isEmpty })
            }
            precondition(count.warnings.withLock { $0 } == 1)
        }
    }

    private struct CountingLog: LogHandler {
        final class Count: Sendable {
            let warnings = Mutex(0)
        }

        let count: Count
        var metadata: Logger.Metadata = [:]
        var logLevel: Logger.Level = .trace

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            if event.level == .warning { count.warnings.withLock { $0 += 1 } }
        }
    }
#endif
