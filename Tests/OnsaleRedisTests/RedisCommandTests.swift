import Testing

@testable import OnsaleRedis

@Suite struct RedisCommandTests {
    private func text(_ command: RedisCommand) -> String { String(decoding: command.wire, as: UTF8.self) }

    @Test func aCommandIsAnArrayOfStringsOnTheWire() {
        #expect(text(.get("k")) == "*2\r\n$3\r\nGET\r\n$1\r\nk\r\n")
        #expect(text(.mget(["a", ""])) == "*3\r\n$4\r\nMGET\r\n$1\r\na\r\n$0\r\n\r\n")
        #expect(text(.publish([13, 10], on: "c")) == "*3\r\n$7\r\nPUBLISH\r\n$1\r\nc\r\n$2\r\n\r\n\r\n")
    }

    @Test func everyWriteHasATimeToLive() {
        #expect(text(.set("k", to: [0x76], forSeconds: 45)).hasSuffix("$2\r\nEX\r\n$2\r\n45\r\n"))
    }

    @Test func whatIsTooLargeDoesNotFit() {
        let limits = RedisLimits()
        let long = String(repeating: "k", count: limits.keyBytesMax + 1)
        #expect(RedisCommand.get(String(long.dropLast())).fits(limits))
        #expect(!RedisCommand.get(long).fits(limits))
        #expect(!RedisCommand.mget(["a", long]).fits(limits))
        #expect(!RedisCommand.mget([]).fits(limits))
        #expect(!RedisCommand.mget(Array(repeating: "a", count: limits.keysMax + 1)).fits(limits))
        let large = [UInt8](repeating: 0, count: limits.valueBytesMax + 1)
        #expect(!RedisCommand.set("k", to: large, forSeconds: 1).fits(limits))
        #expect(!RedisCommand.publish(large, on: "c").fits(limits))
    }

    @Test func anErrorIsItsFirstWordAndALine() {
        #expect(
            RedisFailure.refusal(Array("OOM command not allowed".utf8))
                == .refused(code: "OOM", message: "OOM command not allowed"))
        #expect(RedisFailure.refusal(Array("oops".utf8)) == .refused(code: "ERR", message: "oops"))
        #expect(RedisFailure.refusal([]) == .refused(code: "ERR", message: ""))
        #expect(RedisFailure.refusal([0x41, 10, 0xff]) == .refused(code: "ERR", message: "A.."))
        let endless = RedisFailure.refusal(Array(repeating: 0x41, count: 100_000))
        guard case .refused("ERR", let message) = endless else {
            Issue.record("\(endless)")
            return
        }
        #expect(message.count == 200)
    }
}
