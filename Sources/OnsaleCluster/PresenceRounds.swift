package import OnsaleEngine
import OnsaleOwnership
package import OnsaleRedis
package import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

/// Asks another node directly who listens there.
package protocol NodeAsking: Sendable {
    /// - Returns: what ``PresenceBoard/answer(_:)`` said there; nil if no answer came.
    func ask(_ question: [UInt8], of node: NodeID) async -> [UInt8]?
}

/// What rounds of presence have done.
package struct PresenceFigures: Sendable, Equatable {
    /// Sets of listeners, one an event, written to Redis.
    package var written = 0
    package var unwritten = 0
    /// Sets of listeners at other nodes, by where they were read.
    package var readInRedis = 0
    package var readAtNodes = 0
    /// Nodes that gave no answer.
    package var unread = 0

    package init() {}
}

/// Every five seconds: tells where people listen here, and, for each event written here, marks those as present who
/// listen at other nodes. Through Redis, and by asking the nodes themselves for whatever Redis doesn't have: losing it
/// makes nobody absent.
package final class PresenceRounds: Sendable {
    private static let turnSeconds = 5
    /// Places in one command.
    private static let placesMax = 8192

    private let board: PresenceBoard
    private let engine: Engine
    private let asking: any NodeAsking
    private let post: PresencePost?
    private let told = Mutex(PresenceFigures())

    /// - Parameters:
    ///   - client: nil without Redis.
    ///   - node: this node's name.
    package init(
        _ board: PresenceBoard, engine: Engine, asking: any NodeAsking, client: RedisClient?, seal: Seal, node: String
    ) {
        self.board = board
        self.engine = engine
        self.asking = asking
        post = client.map { PresencePost($0, seal: seal, node: node) }
    }

    package var figures: PresenceFigures { told.withLock { $0 } }

    /// Goes on until the task is cancelled.
    package func run() async {
        var turn = 0
        while !Task.isCancelled {
            do { try await Task.sleep(for: .seconds(PresenceRounds.turnSeconds)) } catch { return }
            turn += 1
            await self.turn(isRound: turn % 2 == 0)
        }
    }

    /// - Parameter isRound: whether this is the second turn of ten seconds, in which everything is written.
    func turn(isRound: Bool) async {
        if isRound { board.beginRound() }
        if let post {
            let (written, unwritten) = await post.write(board, all: isRound)
            told.withLock {
                $0.written += written
                $0.unwritten += unwritten
            }
        }
        await markPresent(asksNodes: isRound)
    }

    private func markPresent(asksNodes: Bool) async {
        let events = ownEvents
        let nodes = engine.neighbours.map(\.id)
        guard !events.isEmpty, !nodes.isEmpty else { return }
        let names = nodes.map(\.name)
        var reading = PresencePost.Reading()
        if let post {
            reading = await post.read(events, at: names, now: SystemClock.uptimeMilliseconds())
        } else {
            for name in names { reading.missing[name] = events }
        }
        let inRedis = reading.listeners.count
        told.withLock { $0.readInRedis += inRedis }
        var listeners = Dictionary(grouping: reading.listeners, by: \.event).mapValues { $0.map(\.numbers) }
        if asksNodes {
            for (event, numbers) in await ask(nodes, reading.missing) { listeners[event, default: []].append(numbers) }
        }
        for event in events {
            guard let sets = listeners[event], var all = sets.first else { continue }
            for set in sets.dropFirst() { all.formUnion(set) }
            await note(all, event)
        }
    }

    /// The events written here whose lines must know who is present.
    private var ownEvents: [String] {
        let now = engine.now()
        return engine.loadedViews().filter { view in
            guard engine.seat(of: view.definition.id)?.isHere == true, view.schedule.hasWaitingRoom else {
                return false
            }
            return view.line.waiting > 0 || view.phase(at: now) == .lobby
        }.map(\.definition.id).sorted()
    }

    private func ask(
        _ nodes: [NodeID], _ missing: [String: [String]]
    ) async -> [(event: String, numbers: BitPages)] {
        await withTaskGroup(of: [(event: String, numbers: BitPages)]?.self) { group in
            for node in nodes {
                guard let events = missing[node.name], !events.isEmpty else { continue }
                group.addTask { [asking] in
                    guard let answer = await asking.ask(PresenceWire.question(events), of: node),
                        let listeners = PresenceWire.listeners(in: answer)
                    else { return nil }
                    // What wasn't asked for is none of its business.
                    let asked = Set(events)
                    return listeners.filter { asked.contains($0.event) }
                }
            }
            var all: [(event: String, numbers: BitPages)] = []
            for await found in group {
                told.withLock {
                    $0.readAtNodes += found?.count ?? 0
                    $0.unread += found == nil ? 1 : 0
                }
                all += found ?? []
            }
            return all
        }
    }

    /// Tells the line, some thousand places at a time, each after the last has been taken in.
    private func note(_ numbers: BitPages, _ event: String) async {
        guard let handle = try? await engine.event(event) else { return }
        var places: [PlaceID] = []
        numbers.forEach { if $0 > 0 { places.append(PlaceID($0)) } }
        for start in stride(from: 0, to: places.count, by: PresenceRounds.placesMax) {
            let some = Array(places[start..<min(start + PresenceRounds.placesMax, places.count)])
            // Another node's by now, or too busy: the next turn tells again.
            do { _ = try await engine.apply(NotePresence(of: some), to: handle) } catch { return }
        }
    }
}
