import Foundation

#if os(Linux)
    import CEpoll

    /// Waits for sockets and for a wake-up, with epoll.
    ///
    /// Unchecked: the kernel makes `wake` safe from any thread, and only the broadcaster's thread uses the rest.
    final class Poller: @unchecked Sendable {
        struct Event {
            let key: UInt64
            let isReadable: Bool
            let isWritable: Bool
            let isGone: Bool
        }

        private static let wakeKey = UInt64.max

        private let queue: Int32
        private let bell: Int32
        private let events = UnsafeMutablePointer<onsale_event>.allocate(capacity: 256)

        init() {
            queue = onsale_epoll_create()
            bell = onsale_eventfd()
            precondition(queue >= 0 && bell >= 0, "epoll or eventfd could not be created")
            _ = onsale_epoll_set(queue, 1, bell, UInt32(onsale_event_in), Poller.wakeKey)
        }

        deinit {
            close(queue)
            close(bell)
            events.deallocate()
        }

        /// Callable from any thread.
        func wake() {
            var one: UInt64 = 1
            _ = write(bell, &one, 8)
        }

        func watch(_ descriptor: Int32, key: UInt64, isNew: Bool, awaitsSpace: Bool) -> Bool {
            var wanted = UInt32(onsale_event_in) | UInt32(onsale_event_hangup)
            if awaitsSpace { wanted |= UInt32(onsale_event_out) }
            return onsale_epoll_set(queue, isNew ? 1 : 0, descriptor, wanted, key) == 0
        }

        func wait(atMost milliseconds: Int, _ body: (Event) -> Void) {
            let count = onsale_epoll_wait(queue, events, 256, Int32(max(0, milliseconds)))
            guard count > 0 else { return }
            for index in 0..<Int(count) {
                let event = events[index]
                if event.data == Poller.wakeKey {
                    var value: UInt64 = 0
                    _ = read(bell, &value, 8)
                    continue
                }
                body(
                    Event(
                        key: event.data, isReadable: event.events & UInt32(onsale_event_in) != 0,
                        isWritable: event.events & UInt32(onsale_event_out) != 0,
                        isGone: event.events & UInt32(onsale_event_gone) != 0))
            }
        }
    }
#else
    /// Without epoll no sockets are taken over, and this only waits for the wake-up.
    final class Poller: Sendable {
        struct Event {
            let key: UInt64
            let isReadable: Bool
            let isWritable: Bool
            let isGone: Bool
        }

        private let bell = DispatchSemaphore(value: 0)

        func wake() { bell.signal() }

        func watch(_ descriptor: Int32, key: UInt64, isNew: Bool, awaitsSpace: Bool) -> Bool { false }

        func wait(atMost milliseconds: Int, _ body: (Event) -> Void) {
            _ = bell.wait(timeout: .now() + .milliseconds(max(0, milliseconds)))
        }
    }
#endif
