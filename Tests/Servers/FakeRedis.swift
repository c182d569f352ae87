import Foundation
import Synchronization

/// Accepts connections as Redis would, and answers whatever the test says.
package final class FakeRedis: Sendable {
    package enum Reaction: Sendable {
        /// What Redis says to a client that signs in or asks for a sign of life.
        case greet
        /// Sends these bytes as they are.
        case send(String)
        /// Sends them and closes the connection.
        case sendAndClose(String)
        /// Sends them again and again, without end.
        case flood(String)
        case nothing
    }

    package let port: Int
    private let listener: Int32
    private let answer: @Sendable ([String]) -> Reaction
    private let open = Mutex<Set<Int32>>([])
    private let isStopped = Atomic<Bool>(false)

    /// - Parameter answer: called with the words of each command, on threads of its own.
    /// - Throws: ``ServerFailure``.
    package init(_ answer: @escaping @Sendable ([String]) -> Reaction) throws {
        // A client that has gone must not end the test.
        signal(SIGPIPE, SIG_IGN)
        (listener, port) = try Loopback.listen(backlog: 16)
        self.answer = answer
        Thread.detachNewThread { [self] in accept() }
    }

    package func stop() {
        isStopped.store(true, ordering: .releasing)
        // The thread that uses a descriptor is the one that closes it.
        shutdown(listener, Int32(SHUT_RDWR))
        open.withLock { for descriptor in $0 { shutdown(descriptor, Int32(SHUT_RDWR)) } }
    }

    private func accept() {
        while !isStopped.load(ordering: .acquiring) {
            let descriptor = Foundation.accept(listener, nil, nil)
            guard descriptor >= 0 else { continue }
            _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
            open.withLock { _ = $0.insert(descriptor) }
            Thread.detachNewThread { [self] in
                serve(descriptor)
                open.withLock { _ = $0.remove(descriptor) }
                // A program that another test started at that moment may have it too.
                shutdown(descriptor, Int32(SHUT_RDWR))
                close(descriptor)
            }
        }
        close(listener)
    }

    private func serve(_ descriptor: Int32) {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while !isStopped.load(ordering: .acquiring) {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return }
            bytes += buffer[..<count]
            while let (words, length) = FakeRedis.command(bytes) {
                bytes.removeFirst(length)
                guard react(answer(words), to: words, on: descriptor) else { return }
            }
        }
    }

    private func react(_ reaction: Reaction, to words: [String], on descriptor: Int32) -> Bool {
        switch reaction {
        case .greet: return send(words.first == "PING" ? "+PONG\r\n" : "+OK\r\n", on: descriptor)
        case .send(let text): return send(text, on: descriptor)
        case .sendAndClose(let text):
            _ = send(text, on: descriptor)
            return false
        case .flood(let text):
            while send(text, on: descriptor) {}
            return false
        case .nothing: return true
        }
    }

    private func send(_ text: String, on descriptor: Int32) -> Bool {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                write(descriptor, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    /// The first complete command and its length.
    private static func command(_ bytes: [UInt8]) -> ([String], Int)? {
        var position = 0
        func line() -> Int? {
            guard let end = bytes[position...].firstIndex(of: 10) else { return nil }
            defer { position = end + 1 }
            return Int(String(decoding: bytes[(position + 1)..<(end - 1)], as: UTF8.self))
        }
        guard let count = line() else { return nil }
        var words: [String] = []
        for _ in 0..<count {
            guard let length = line(), bytes.count >= position + length + 2 else { return nil }
            words.append(String(decoding: bytes[position..<(position + length)], as: UTF8.self))
            position += length + 2
        }
        return (words, position)
    }
}
