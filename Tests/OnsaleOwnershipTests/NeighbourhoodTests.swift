import OnsaleOwnership
import OnsaleValues
import Testing

@Suite struct NeighbourhoodTests {
    /// Three nodes and a registry whose beats go on only when told to.
    private struct Street {
        let here: NodeID
        let others: [NodeID]
        var beats: [NodeID: UInt64] = [:]
        var isConnected: [NodeID: Bool] = [:]
        var sells: [NodeID: Bool] = [:]
        var neighbourhood: Neighbourhood

        init() throws {
            here = try #require(NodeID(name: "a", session: 1))
            others = [
                try #require(NodeID(name: "b", session: 2)), try #require(NodeID(name: "c", session: 3)),
            ]
            neighbourhood = Neighbourhood(node: here)
        }

        /// All but the silent are seen to be well.
        mutating func look(at now: Int64, silent: Set<NodeID> = [], gone: Set<NodeID> = []) {
            var nodes: [RegisteredNode] = []
            for node in [here] + others where !gone.contains(node) {
                if !silent.contains(node) { beats[node, default: 0] += 1 }
                nodes.append(
                    RegisteredNode(
                        id: node, url: "http://\(node.name)", sells: sells[node] ?? true, beat: beats[node] ?? 0,
                        isConnected: isConnected[node] ?? true, since: Timestamp(milliseconds: 0)))
            }
            neighbourhood.see(nodes, askedAt: now)
        }

        mutating func live(from start: Int64, to end: Int64, silent: Set<NodeID> = []) {
            for now in stride(from: start, through: end, by: 250) { look(at: now, silent: silent) }
        }

        /// An event that these nodes are to own in this order.
        func event(_ order: [NodeID]) throws -> String {
            try #require((1...1000).lazy.map { "event-\($0)" }.first { Heirs.order(of: $0, among: order) == order })
        }
    }

    @Test("A node whose beat stands still for two seconds is silent, though its session stands")
    func silence() throws {
        var street = try Street()
        let silent = street.others[0]
        street.live(from: 0, to: 1000)
        street.live(from: 1250, to: 3000, silent: [silent])
        #expect(street.neighbourhood.isWell(silent, at: 3000))
        street.look(at: 3250, silent: [silent])
        #expect(!street.neighbourhood.isWell(silent, at: 3250))
        #expect(street.neighbourhood.isWell(street.others[1], at: 3250))
    }

    @Test("A node whose session has ended is not well at once")
    func ended() throws {
        var street = try Street()
        street.live(from: 0, to: 1000)
        street.isConnected[street.others[0]] = false
        street.look(at: 1250)
        #expect(!street.neighbourhood.isWell(street.others[0], at: 1250))
    }

    @Test("Silence that nobody listened to is none")
    func unheard() throws {
        var street = try Street()
        street.live(from: 0, to: 1000)
        // This node was stopped, and the others had just begun to be slow.
        street.look(at: 9000, silent: Set(street.others))
        #expect(street.neighbourhood.isWell(street.others[0], at: 9000))
        street.live(from: 9250, to: 11_250, silent: Set(street.others))
        #expect(!street.neighbourhood.isWell(street.others[0], at: 11_250))
    }

    @Test("While a node can't reach the registry, nobody becomes silent to it")
    func unlistened() throws {
        var street = try Street()
        let owner = street.others[0]
        let event = try street.event([street.here, street.others[1]])
        street.live(from: 0, to: 1000)
        street.live(from: 1250, to: 2000, silent: [owner])
        // From here on it hears nothing; the owner may be well again.
        #expect(street.neighbourhood.isWell(owner, at: 3500))
        let isTaken = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 3500)
        #expect(!isTaken)
    }

    @Test("A node that hasn't heard from the registry for two seconds is in doubt, and takes nothing")
    func doubt() throws {
        var street = try Street()
        let event = try street.event([street.here, street.others[0], street.others[1]])
        #expect(street.neighbourhood.isInDoubt(at: 0))
        street.live(from: 0, to: 1000)
        let isHeirAtFirst = street.neighbourhood.mayClaim(event, ownedBy: nil, at: 3000)
        let isHeirLater = street.neighbourhood.mayClaim(event, ownedBy: nil, at: 3001)
        #expect(isHeirAtFirst && !isHeirLater)
    }

    @Test("Nobody takes an event whose owner is well; when it is missing, the heirs have their turns in order")
    func turns() throws {
        var street = try Street()
        let owner = street.others[0]
        let event = try street.event([street.others[1], street.here])
        street.live(from: 0, to: 1000)
        let isWellOwnersTaken = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 1000)
        #expect(!isWellOwnersTaken)
        street.isConnected[owner] = false
        street.look(at: 1250)
        let isTakenOutOfTurn = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 1250)
        #expect(!isTakenOutOfTurn)
        street.live(from: 1500, to: 2250)
        let isTurn = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 2250)
        #expect(isTurn)
    }

    @Test("The turn begins anew when an owner comes back and is missing again")
    func comesBack() throws {
        var street = try Street()
        let owner = street.others[0]
        let event = try street.event([street.others[1], street.here])
        street.live(from: 0, to: 1000)
        street.isConnected[owner] = false
        street.look(at: 1250)
        let isTakenAtOnce = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 1250)
        #expect(!isTakenAtOnce)
        street.isConnected[owner] = true
        street.look(at: 1500)
        street.isConnected[owner] = false
        street.live(from: 1750, to: 2250)
        let isTakenEarly = street.neighbourhood.mayClaim(event, ownedBy: owner, at: 2250)
        #expect(!isTakenEarly)
    }

    @Test("A node that doesn't sell takes nothing and is given nothing")
    func edges() throws {
        var street = try Street()
        street.sells[street.here] = false
        street.sells[street.others[1]] = false
        street.live(from: 0, to: 10_000)
        for number in 1...20 {
            let isTakenByEdge = street.neighbourhood.mayClaim("event-\(number)", ownedBy: nil, at: 10_000)
            #expect(!isTakenByEdge)
            #expect(street.neighbourhood.betterOwner(of: "event-\(number)", at: 10_000) == street.others[0])
            #expect(street.neighbourhood.successor(of: "event-\(number)", at: 10_000) == street.others[0])
        }
    }

    @Test("Events are handed only to a node that has been well for five seconds")
    func settling() throws {
        var street = try Street()
        let event = try street.event([street.others[0], street.here, street.others[1]])
        street.live(from: 0, to: 4750)
        #expect(street.neighbourhood.betterOwner(of: event, at: 4750) == nil)
        street.live(from: 5000, to: 5250)
        #expect(street.neighbourhood.betterOwner(of: event, at: 5250) == street.others[0])
    }

    @Test("A node that doesn't answer others counts as silent for a while")
    func mute() throws {
        var street = try Street()
        street.live(from: 0, to: 1000)
        _ = street.neighbourhood.mute(street.others[0], at: 1000)
        #expect(!street.neighbourhood.isWell(street.others[0], at: 1250))
        #expect(street.neighbourhood.muted(at: 1250).map(\.id) == [street.others[0]])
        #expect(!street.neighbourhood.isSilent(street.others[0], at: 1250), "its beat goes on")
        street.live(from: 1250, to: 11_000)
        #expect(street.neighbourhood.isWell(street.others[0], at: 11_000))
        #expect(street.neighbourhood.muted(at: 11_000).isEmpty)
    }

    @Test("A node that is well by the registry and never answers loses its events ever more rarely")
    func mutedAgain() throws {
        var street = try Street()
        let other = street.others[0]
        let event = try street.event([other, street.here, street.others[1]])
        var taken: [Int64] = []
        var handed: [Int64] = []
        var isHere = false
        for now in stride(from: Int64(0), to: 3_600_000, by: 250) {
            street.live(from: now, to: now)
            if now >= 10_000, !isHere { _ = street.neighbourhood.mute(other, at: now) }
            if isHere, street.neighbourhood.betterOwner(of: event, at: now) == other {
                isHere = false
                handed.append(now)
            } else if !isHere, street.neighbourhood.mayClaim(event, ownedBy: other, at: now) {
                isHere = true
                taken.append(now)
                street.neighbourhood.noteTaken(event, from: other)
                // Should that one take it back, it may.
                let mayAgain = street.neighbourhood.mayClaim(event, ownedBy: other, at: now)
                #expect(!mayAgain)
            }
        }
        #expect(taken.first == 10_000 && taken.count > 3 && taken.count < 20, "\(taken)")
        let pauses = zip(taken.dropFirst(), taken).map { $0 - $1 }
        #expect(zip(pauses.dropFirst(), pauses).allSatisfy { $0 >= $1 }, "\(pauses)")
    }
}
