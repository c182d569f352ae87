import Foundation

/// Wakes one sleeping thread. It waits by a clock that nobody sets: a semaphore of Dispatch waits by the wall's on Linux,
/// and an hour set back would make a second's wait an hour long.
final class Bell: @unchecked Sendable {
    // Unchecked: the mutex guards `isRung`.
    private let mutex = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
    private let condition = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
    private var isRung = false

    init() {
        pthread_mutex_init(mutex, nil)
        #if os(Linux)
            var attributes = pthread_condattr_t()
            pthread_condattr_init(&attributes)
            pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
            pthread_cond_init(condition, &attributes)
            pthread_condattr_destroy(&attributes)
        #else
            pthread_cond_init(condition, nil)
        #endif
    }

    deinit {
        pthread_cond_destroy(condition)
        pthread_mutex_destroy(mutex)
        condition.deallocate()
        mutex.deallocate()
    }

    /// Ends the wait in progress, or else the next one at once.
    func ring() {
        pthread_mutex_lock(mutex)
        isRung = true
        pthread_cond_signal(condition)
        pthread_mutex_unlock(mutex)
    }

    /// Waits until it rings, at most so long.
    func wait(atMost milliseconds: Int64) {
        pthread_mutex_lock(mutex)
        defer {
            isRung = false
            pthread_mutex_unlock(mutex)
        }
        #if os(Linux)
            var until = timespec()
            clock_gettime(CLOCK_MONOTONIC, &until)
            until.tv_sec += Int(milliseconds / 1000)
            until.tv_nsec += Int(milliseconds % 1000) * 1_000_000
            if until.tv_nsec >= 1_000_000_000 {
                until.tv_sec += 1
                until.tv_nsec -= 1_000_000_000
            }
            while !isRung, pthread_cond_timedwait(condition, mutex, &until) == 0 {}
        #else
            var time = timespec(tv_sec: Int(milliseconds / 1000), tv_nsec: Int(milliseconds % 1000) * 1_000_000)
            if !isRung { pthread_cond_timedwait_relative_np(condition, mutex, &time) }
        #endif
    }
}
