import Foundation
import Synchronization

/// A Kafka of a test's own: librdkafka's mock cluster in a process that ends with the test.
package final class MockKafka: Sendable {
    /// Where clients begin: `host:port,…`.
    package let brokers: String
    private let child: Mutex<Child>

    /// - Parameter count: how many brokers.
    /// - Throws: ``ServerFailure``.
    package init(brokers count: Int = 1) throws {
        // The program lies where the tests do.
        let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        let program = tests.deletingLastPathComponent().appendingPathComponent("MockBroker")
        let child = try Child(program.path, ["\(count)"])
        brokers = MockKafka.line(of: child)
        self.child = Mutex(child)
        if brokers.isEmpty { throw ServerFailure("\(program.path) has no brokers") }
    }

    deinit {
        child.withLock { child in
            close(child.input)
            child.wait()
            close(child.output)
        }
    }

    /// Gives a command of `Tests/MockBroker/main.c`, and returns when it is done.
    /// - Throws: ``ServerFailure``.
    package func tell(_ command: String) throws {
        let answer = child.withLock { child in
            let bytes = Array((command + "\n").utf8)
            guard write(child.input, bytes, bytes.count) == bytes.count else { return "has ended" }
            return MockKafka.line(of: child)
        }
        if answer != "ok" { throw ServerFailure("\(command): \(answer)") }
    }

    private static func line(of child: Child) -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while read(child.output, &byte, 1) == 1, byte != UInt8(ascii: "\n") { line.append(byte) }
        return String(decoding: line, as: UTF8.self)
    }
}

extension MockKafka {
    /// Everything in a topic, as kcat reads it: an object of JSON for each message.
    /// - Throws: ``ServerFailure``.
    package func messages(in topic: String) throws -> [String] {
        let command = ["kcat", "-C", "-q", "-b", brokers, "-t", topic, "-o", "beginning", "-e", "-J"]
        return try Child.run(command).split(separator: "\n").map(String.init)
    }

    /// Publishes one message by kcat.
    /// - Parameter arguments: further ones, such as `-H name=value`.
    /// - Throws: ``ServerFailure``.
    package func put(_ value: String, to topic: String, _ arguments: [String] = []) throws {
        let script = #"printf '%s\n' "$1" | { shift; exec "$@"; }"#
        let command = ["kcat", "-P", "-b", brokers, "-t", topic] + arguments
        try Child.run(["/bin/sh", "-c", script, "write", value] + command)
    }
}
