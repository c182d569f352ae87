import Foundation

#if os(Linux)
    import CMalloc
#endif

/// What the kernel says about this process, under the names that all Prometheus clients use.
package enum ProcessFigures {
    package static func collect(into sink: inout MetricSink) {
        #if os(Linux)
            if let stat = Stat.read() {
                sink.tell("process_cpu_seconds_total", stat.processorSeconds)
                sink.tell("process_virtual_memory_bytes", stat.virtualBytes)
                sink.tell("process_resident_memory_bytes", stat.residentBytes)
                sink.tell("process_start_time_seconds", stat.startSeconds)
                sink.tell("process_threads", stat.threads)
            }
            if let count = openFiles { sink.tell("process_open_fds", count) }
            let heap = mallinfo2()
            sink.tell("swift_heap_allocated_bytes", Double(heap.uordblks) + Double(heap.hblkhd))
        #endif
        var limit = rlimit()
        if getrlimit(noFiles, &limit) == 0 { sink.tell("process_max_fds", Double(limit.rlim_cur)) }
    }

    #if os(Linux)
        private static let noFiles = __rlimit_resource_t(RLIMIT_NOFILE.rawValue)

        private static var openFiles: Int? {
            // Since Linux 6.2 the folder's size is their number; to list thousands takes longer than all the rest.
            let folder = try? FileManager.default.attributesOfItem(atPath: "/proc/self/fd")
            if let count = folder?[.size] as? Int, count > 0 { return count }
            // One is the folder itself, opened to count.
            return (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd")).map { max(0, $0.count - 1) }
        }

        /// `/proc/self/stat`; see proc(5).
        private struct Stat {
            let processorSeconds: Double
            let threads: Double
            let startSeconds: Double
            let virtualBytes: Double
            let residentBytes: Double

            static func read() -> Stat? {
                guard let text = try? String(contentsOfFile: "/proc/self/stat", encoding: .utf8),
                    // The command's name may have spaces and parentheses.
                    let end = text.lastIndex(of: ")")
                else { return nil }
                let fields = text[text.index(after: end)...].split(separator: " ").map { Double($0) ?? 0 }
                guard fields.count > 21, let boot = bootSeconds else { return nil }
                let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
                // Numbered as in the manual, less the three fields before.
                return Stat(
                    processorSeconds: (fields[11] + fields[12]) / ticks, threads: fields[17],
                    startSeconds: boot + fields[19] / ticks, virtualBytes: fields[20],
                    residentBytes: fields[21] * Double(sysconf(Int32(_SC_PAGESIZE))))
            }

            private static let bootSeconds: Double? = {
                guard let text = try? String(contentsOfFile: "/proc/stat", encoding: .utf8) else { return nil }
                return text.split(separator: "\n").first { $0.hasPrefix("btime ") }
                    .flatMap { Double($0.dropFirst("btime ".count)) }
            }()
        }
    #else
        private static let noFiles = RLIMIT_NOFILE
    #endif
}
