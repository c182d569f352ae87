import Foundation
import Synchronization

/// A process with a pipe to its standard input and one from its standard output, in a process group of its own, so that
/// Ctrl-C reaches the test first.
struct Child {
    let pid: pid_t
    /// Closing it, or ending the process that holds it, ends the child's input.
    let input: Int32
    let output: Int32

    /// A child started between another's pipe and its flag would keep that pipe open.
    private static let oneAtATime = Mutex(())

    /// Starts a program.
    /// - Throws: ``ServerFailure``.
    init(_ path: String, _ arguments: [String]) throws {
        self = try Child.oneAtATime.withLock { _ in try Child(starting: path, arguments) }
    }

    private init(starting path: String, _ arguments: [String]) throws {
        let (inputRead, inputWrite) = try Child.pipe()
        let (outputRead, outputWrite) = try Child.pipe()
        defer {
            close(inputRead)
            close(outputWrite)
        }
        #if os(Linux)
            var actions = posix_spawn_file_actions_t()
            var attributes = posix_spawnattr_t()
        #else
            var actions: posix_spawn_file_actions_t?
            var attributes: posix_spawnattr_t?
        #endif
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_adddup2(&actions, inputRead, 0)
        posix_spawn_file_actions_adddup2(&actions, outputWrite, 1)
        // Whoever reads the test's errors to their end need not wait for the child.
        posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
        // Threads of Dispatch block signals, and a shell that can't hear of its child's end would wait for ever.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(
            &attributes, Int16(POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let vector: [UnsafeMutablePointer<CChar>?] = ([path] + arguments).map { strdup($0) } + [nil]
        defer { for string in vector { free(string) } }
        let code = posix_spawn(&pid, path, &actions, &attributes, vector, environ)
        guard code == 0 else {
            close(inputWrite)
            close(outputRead)
            throw ServerFailure("\(path) could not be started: \(String(cString: strerror(code)))")
        }
        self.pid = pid
        input = inputWrite
        output = outputRead
    }

    /// Waits until it ends. Its exit status; 128 + the signal that ended it.
    @discardableResult
    func wait() -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0, errno == EINTR {}
        return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
    }

    /// All it writes until it closes its output.
    func readToEnd() -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
        }
    }

    /// Both ends closed on exec, so that no other child keeps them open.
    private static func pipe() throws -> (read: Int32, write: Int32) {
        var ends: [Int32] = [-1, -1]
        guard Foundation.pipe(&ends) == 0 else { throw ServerFailure("no pipe: \(String(cString: strerror(errno)))") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return (ends[0], ends[1])
    }
}

extension Child {
    /// Runs a program to its end.
    /// - Returns: what it wrote.
    /// - Throws: ``ServerFailure`` if it could not be started or failed.
    @discardableResult
    static func run(_ command: [String]) throws -> String {
        // The shell finds the program and joins its errors to its output.
        let child = try Child("/bin/sh", ["-c", "exec \"$@\" 2>&1", "run"] + command)
        close(child.input)
        let output = child.readToEnd()
        close(child.output)
        let status = child.wait()
        guard status == 0 else { throw ServerFailure("\(command.joined(separator: " ")): \(status): \(output)") }
        return output
    }
}
