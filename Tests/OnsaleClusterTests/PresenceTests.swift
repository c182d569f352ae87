import OnsaleRedis
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleCluster

@Suite struct PresenceTests {
    private func numbers(_ board: PresenceBoard, _ event: String) -> [UInt32] {
        var all: [UInt32] = []
        board.listeners(to: event)?.forEach { all.append($0) }
        return all
    }

    @Test func whoListensIsOnTheBoardUntilTwoRoundsHavePassedWithoutThem() {
        let board = PresenceBoard()
        board.note([1, 70_000], listeningTo: "opera")
        board.beginRound()
        board.note([2], listeningTo: "opera")
        #expect(numbers(board, "opera") == [1, 2, 70_000])
        board.beginRound()
        #expect(numbers(board, "opera") == [2])
        board.beginRound()
        #expect(board.listened.isEmpty)
        #expect(board.listeners(to: "opera") == nil)
    }

    @Test func numbersThatNoLineHasAreLeftOut() {
        let board = PresenceBoard()
        board.note([5, .max, PresenceBoard.numbersBelow], listeningTo: "opera")
        #expect(numbers(board, "opera") == [5])
    }

    @Test func aNodeIsAnsweredForTheEventsThatItAskedAbout() throws {
        let board = PresenceBoard()
        board.note([1, 2], listeningTo: "opera")
        board.note([3], listeningTo: "rock")
        let answer = try #require(board.answer(PresenceWire.question(["fair", "opera"])))
        let found = try #require(PresenceWire.listeners(in: answer))
        #expect(found.map(\.event) == ["opera"])
        #expect(found.first?.numbers == BitPages([1, 2]))
        #expect(board.answer([9]) == nil)
    }

    @Test(arguments: 1...10 as ClosedRange<UInt64>)
    func hostileBytesAreNeverMoreThanASet(seed: UInt64) {
        var random = SeededRandom(seed: seed)
        let answer = PresenceWire.answer([("opera", BitPages([1, 2, 99_999])), ("rock", BitPages([7]))])
        let roster = Roster(edition: 7, events: ["opera", "rock"]).bytes
        for _ in 0..<2000 {
            var (left, right) = (answer, roster)
            for _ in 0..<4 {
                left[Int.random(in: 0..<left.count, using: &random)] = .random(in: 0...255, using: &random)
                right[Int.random(in: 0..<right.count, using: &random)] = .random(in: 0...255, using: &random)
            }
            for (_, numbers) in PresenceWire.listeners(in: left) ?? [] {
                numbers.forEach { #expect($0 < PresenceBoard.numbersBelow) }
            }
            _ = Roster(right)
        }
        #expect(Roster(roster) == Roster(edition: 7, events: ["opera", "rock"]))
    }
}
