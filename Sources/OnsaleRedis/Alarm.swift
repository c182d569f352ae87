import Foundation

/// Ends a thread's wait in `poll`, from any thread: a pipe that holds at most a byte or so.
final class Alarm: Sendable {
    let descriptor: Int32
    private let bell: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "a pipe could not be made")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        descriptor = ends[0]
        bell = ends[1]
    }

    deinit {
        close(descriptor)
        close(bell)
    }

    /// Ends the wait in progress, or else the next one at once.
    func ring() {
        var byte: UInt8 = 1
        _ = write(bell, &byte, 1)
    }

    /// Forgets that it was rung.
    func hush() {
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(descriptor, &bytes, 16) == 16 {}
    }

    /// Waits until it is rung, at most until that moment.
    func wait(until deadline: Int64) {
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&waited, 1, Monotonic.timeout(until: deadline))
        hush()
    }
}

/// Time that nobody sets, in milliseconds.
enum Monotonic {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }

    /// What `poll` waits for, at most a minute.
    static func timeout(until deadline: Int64) -> Int32 {
        Int32(max(0, min(60_000, deadline - now())))
    }
}
