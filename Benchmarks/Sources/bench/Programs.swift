import Foundation

/// Programs that a benchmark starts, and ends whatever happens.
enum Programs {
    static let folder = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()

    /// The release build of Onsale, which `make bench` has just made.
    static var onsale: URL {
        URL(
            fileURLWithPath: ProcessInfo.processInfo.environment["ONSALE_BINARY"] ?? "../.build/release/onsale")
    }

    /// - Parameter errors: where its log goes; to ours unless told otherwise.
    static func start(
        _ program: URL, _ arguments: [String], environment: [String: String] = [:],
        errors: FileHandle = .standardError
    ) throws -> Process {
        let process = Process()
        process.executableURL = program
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = errors
        try process.run()
        return process
    }

    /// The stack's JSON echo, ready at a port of its own.
    static func startEcho() throws -> (Process, port: Int) {
        let port = try freePort()
        let echo = try start(
            folder.appendingPathComponent("echo-server"), ["\(port)"], environment: ["LOG_LEVEL": "critical"])
        do { _ = try waitUntilReady(port: port) } catch {
            stop(echo)
            throw error
        }
        return (echo, port)
    }

    static func stop(_ process: Process) {
        process.terminate()
        process.waitUntilExit()
    }

    /// Waits until the port answers; returns how long that took.
    /// - Parameter status: the answer of one who is ready.
    static func waitUntilReady(port: Int, status: Int = 200) throws -> Double {
        try seconds {
            for _ in 0..<4000 {
                if let connection = try? Connection(port: port),
                    let answer = try? connection.exchange(.init(method: "GET", path: "/health/ready")),
                    answer.status == status
                {
                    return
                }
                usleep(5000)
            }
            throw Failure("nothing is ready at port \(port)")
        }
    }

    /// Processor time of a program so far, user's and system's, of all its threads. The clock counts nanoseconds, where
    /// `/proc/PID/stat` counts hundredths of a second.
    static func processorSeconds(_ process: Process) throws -> Double {
        var clock = clockid_t()
        var time = timespec()
        guard clock_getcpuclockid(process.processIdentifier, &clock) == 0, clock_gettime(clock, &time) == 0 else {
            throw Failure("process \(process.processIdentifier) has no clock")
        }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static func residentMegabytes(_ process: Process) -> Int { residentKilobytes(process) / 1024 }

    static func residentKilobytes(_ process: Process) -> Int {
        let status = (try? String(contentsOfFile: "/proc/\(process.processIdentifier)/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") } ?? ""
        return line.split(whereSeparator: { $0 == " " || $0 == "\t" }).dropFirst().first.flatMap { Int($0) } ?? 0
    }

    static func freePort() throws -> Int {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let isBound = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(descriptor, $0, length) == 0 && getsockname(descriptor, $0, &length) == 0
            }
        }
        guard isBound else { throw Failure("no free port") }
        return Int(UInt16(bigEndian: address.sin_port))
    }
}

struct Failure: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}
