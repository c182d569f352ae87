#if os(Linux)
    import Foundation
    import Testing

    @testable import OnsaleTelemetry

    struct ProcessFiguresTests {
        private func figures() -> [String: Double] {
            var sink = MetricSink()
            ProcessFigures.collect(into: &sink)
            #expect(!sink.samples.contains { !$0.labels.isEmpty })
            return Dictionary(sink.samples.map { ($0.name, $0.value) }) { _, _ in .nan }
        }

        @Test("The process is told by the names that all Prometheus clients use")
        func names() {
            #expect(
                figures().keys.sorted() == [
                    "process_cpu_seconds_total", "process_max_fds", "process_open_fds",
                    "process_resident_memory_bytes", "process_start_time_seconds", "process_threads",
                    "process_virtual_memory_bytes", "swift_heap_allocated_bytes",
                ])
        }

        @Test("The figures are those of this process, in the units that their names say")
        func values() throws {
            let figures = figures()
            let now = Date().timeIntervalSince1970
            let began = try #require(figures["process_start_time_seconds"])
            // It runs for less than a day, and its clock may differ from the kernel's by a tick.
            #expect(began < now + 2 && began > now - 86_400)
            // No more processor time than all processors together had.
            let cpus = Double(ProcessInfo.processInfo.processorCount)
            #expect((0.001...(now - began + 2) * cpus).contains(figures["process_cpu_seconds_total"] ?? 0))
            let resident = try #require(figures["process_resident_memory_bytes"])
            let virtual = try #require(figures["process_virtual_memory_bytes"])
            #expect(resident > 1_000_000 && resident <= virtual)
            #expect(resident < Double(ProcessInfo.processInfo.physicalMemory))
            #expect((1...100_000).contains(figures["process_threads"] ?? 0))
            let open = try #require(figures["process_open_fds"])
            #expect(open >= 3 && open <= figures["process_max_fds"] ?? 0)
        }

        @Test("The heap grows by what is allocated")
        func heap() throws {
            let before = try #require(figures()["swift_heap_allocated_bytes"])
            let bytes = 512 << 20
            let memory = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 16)
            defer { memory.deallocate() }
            let after = try #require(figures()["swift_heap_allocated_bytes"])
            #expect(after - before > Double(bytes) / 2)
        }

        @Test("An open file is counted")
        func files() throws {
            // Other tests open and close some, too, but not so many.
            let before = try #require(figures()["process_open_fds"])
            let pipes = (0..<100).map { _ in Pipe() }
            let after = try #require(figures()["process_open_fds"])
            #expect(after - before > 100)
            #expect(pipes.count == 100)
        }
    }
#endif
