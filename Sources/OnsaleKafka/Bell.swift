import Foundation

/// Ends a thread's wait, from any thread: a pipe that holds at most some bytes. librdkafka rings it too.
final class Bell: Sendable {
    private let descriptor: Int32
    /// Where a byte must be written to ring it.
    let handle: Int32

    init() {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0, "a pipe could not be made")
        for end in ends {
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
        }
        descriptor = ends[0]
        handle = ends[1]
    }

    deinit {
        close(descriptor)
        close(handle)
    }

    /// Ends the wait in progress, or else the next one at once.
    func ring() {
        var byte: UInt8 = 1
        _ = write(handle, &byte, 1)
    }

    /// Waits until it is rung, at most until that moment.
    func wait(until deadline: Int64) {
        let milliseconds = Int32(max(0, min(60_000, deadline - Monotonic.now())))
        var waited = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        _ = poll(&waited, 1, milliseconds)
        var bytes: (UInt64, UInt64) = (0, 0)
        while read(descriptor, &bytes, 16) == 16 {}
    }
}

/// Time that nobody sets, in milliseconds.
enum Monotonic {
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1000 + Int64(time.tv_nsec) / 1_000_000
    }
}
