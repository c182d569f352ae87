import Foundation
import Synchronization

/// What the waiting room tells everyone.
struct WaitingRoom: Decodable, Hashable, Sendable {
    let phase: String
    let opensAt: String?
    let issued: Int
    let admittedThrough: Int
    let admittedPerMinute: Double
    let activeShoppers: Int
    let free: Int
    let drawCommitment: String?
    let drawSeed: String?
    let lobbySize: Int?

    /// Whether the sale has opened. `closed` doesn't tell, since it also covers the time before the lobby.
    var hasOpened: Bool { ["open", "paused", "soldOut"].contains(phase) || admittedThrough > 0 }

    /// Whether the numbers are plausible enough to calculate with.
    var isReadable: Bool {
        [issued, admittedThrough, activeShoppers, free].allSatisfy { Contract.counts.contains($0) }
            && admittedPerMinute >= 0
    }

    /// Whether, after the opening, nothing is left to buy.
    var isOver: Bool { phase == "soldOut" || phase == "closed" }
}

/// The room as last heard. Thousands of streams bring the same bytes within a moment, so each message is compared with
/// the last few and only a new one is decoded.
final class RoomBoard: Sendable {
    private struct State {
        var latest: WaitingRoom?
        /// The last messages as received, newest first; some streams still bring the one before the last.
        var recent: [[UInt8]] = []
        var messages = 0
    }

    private static let recentMax = 4
    private static let quotedBytesMax = 300

    private let state = Mutex(State())
    private let line: LineHistory
    private let measurements: Measurements

    init(_ line: LineHistory, _ measurements: Measurements) {
        self.line = line
        self.measurements = measurements
    }

    var latest: WaitingRoom? { state.withLock { $0.latest } }

    /// How many messages the streams brought, counting copies of the same one.
    var messages: Int { state.withLock { $0.messages } }

    /// A message from a stream.
    func heard(_ message: UnsafeRawBufferPointer) {
        let isKnown = state.withLock { state in
            state.messages += 1
            return state.recent.contains { $0.elementsEqual(message) }
        }
        guard !isKnown else { return }
        let bytes = [UInt8](message)
        let room = read(bytes)
        state.withLock { state in
            state.recent.insert(bytes, at: 0)
            if state.recent.count > RoomBoard.recentMax { state.recent.removeLast() }
            if let room { state.latest = room }
        }
        if let room { line.heard(room, at: measurements.elapsedSeconds) }
    }

    /// An answer to `GET …/waiting-room`.
    func polled(_ answer: [UInt8], sentAt: Double) {
        guard let room = read(answer) else { return }
        state.withLock { $0.latest = room }
        line.polled(room, sentAt: sentAt, at: measurements.elapsedSeconds)
    }

    private func read(_ message: [UInt8]) -> WaitingRoom? {
        if let room = try? JSONDecoder().decode(WaitingRoom.self, from: Data(message)), room.isReadable { return room }
        let text = String(decoding: message.prefix(RoomBoard.quotedBytesMax), as: UTF8.self)
        line.contradict("a message of the waiting room cannot be read: \(text)")
        return nil
    }
}
