import OnsaleOwnership
import OnsaleValues
import Testing

@Suite struct HeirsTests {
    private static func nodes(_ count: Int) -> [NodeID] {
        (1...count).compactMap { NodeID(name: "node-\($0)", session: UInt64($0)) }
    }

    private static let events = (1...3000).map { "event-\($0)" }

    @Test("Events spread evenly", arguments: [2, 3, 5, 10])
    func spread(count: Int) {
        let nodes = Self.nodes(count)
        var owned: [NodeID: Int] = [:]
        for event in Self.events {
            if let first = Heirs.order(of: event, among: nodes).first { owned[first, default: 0] += 1 }
        }
        let fair = Self.events.count / count
        #expect(owned.count == count)
        #expect(owned.values.allSatisfy { $0 > fair * 3 / 4 && $0 < fair * 5 / 4 }, "\(owned)")
    }

    @Test("When a node goes its events alone move, and spread over all the others")
    func stability() throws {
        let nodes = Self.nodes(5)
        let gone = try #require(nodes.last)
        var heirs: [NodeID: Int] = [:]
        for event in Self.events {
            let before = Heirs.order(of: event, among: nodes)
            let after = Heirs.order(of: event, among: nodes.dropLast())
            #expect(before.filter { $0 != gone } == after)
            if before.first == gone, let heir = after.first { heirs[heir, default: 0] += 1 }
        }
        let moved = heirs.values.reduce(0, +)
        #expect(heirs.count == 4 && heirs.values.allSatisfy { $0 > moved / 8 }, "\(heirs)")
    }

    @Test("The order doesn't depend on the order in which nodes are named, and has each of them once")
    func isTotal() {
        let nodes = Self.nodes(6)
        for event in Self.events.prefix(200) {
            let order = Heirs.order(of: event, among: nodes)
            #expect(order == Heirs.order(of: event, among: nodes.reversed()))
            #expect(order.sorted() == nodes.sorted())
        }
    }

    @Test("A node that is started again is the heir of the same events, and its later run comes first")
    func restart() throws {
        let nodes = Self.nodes(4)
        let again = try #require(NodeID(name: "node-2", session: 99))
        for event in Self.events.prefix(500) {
            let before = Heirs.order(of: event, among: nodes).map(\.name)
            let after = Heirs.order(of: event, among: nodes.map { $0.name == "node-2" ? again : $0 }).map(\.name)
            #expect(before == after)
            let both = Heirs.order(of: event, among: nodes + [again])
            let place = try #require(both.firstIndex(of: again))
            #expect(both[place + 1].name == "node-2")
        }
    }
}
