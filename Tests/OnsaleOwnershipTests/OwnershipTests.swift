import Foundation
import OnsaleOwnership
import OnsaleValues
import Testing

/// Every input in every state of who writes an event.
@Suite struct OwnershipTests {
    /// All inputs, in the words of docs/ownership.md.
    private static func inputs(_ nodes: Nodes) -> [(name: String, input: Ownership.Input)] {
        [
            ("it is our turn", .claim),
            ("the claim came to the journal", .claimed(.committed)),
            ("the claim came too late", .claimed(.refused)),
            ("nobody knows what became of the claim", .claimed(.unknown)),
            ("we have read that an epoch of ours begins", .read(epoch: 9, owner: nodes.here)),
            ("we have read that an epoch of another begins", .read(epoch: 9, owner: nodes.there)),
            ("we have read of an epoch that is over", .read(epoch: 0, owner: nodes.there)),
            ("we have read to the end, no epoch is new", .readToEnd),
            ("our row collided", .collided),
            ("nobody knows what became of our row", .lostTrack),
        ]
    }

    private struct Nodes {
        let here: NodeID
        let there: NodeID

        init() throws {
            here = try #require(NodeID(name: "here", session: 1))
            there = try #require(NodeID(name: "there", session: 2))
        }
    }

    enum Stage: String, CaseIterable {
        case unowned, elsewhere, claiming, owned, uncertain, deposed
    }

    private static func ownership(at stage: Stage, _ nodes: Nodes) -> Ownership {
        var ownership = Ownership(node: nodes.here)
        let inputs: [Ownership.Input] =
            switch stage {
            case .unowned: []
            case .elsewhere: [.read(epoch: 3, owner: nodes.there)]
            case .claiming: [.read(epoch: 3, owner: nodes.there), .claim]
            case .owned: [.read(epoch: 3, owner: nodes.here)]
            case .uncertain: [.read(epoch: 3, owner: nodes.here), .lostTrack]
            case .deposed: [.read(epoch: 3, owner: nodes.here), .collided]
            }
        for input in inputs { _ = ownership.handle(input) }
        return ownership
    }

    private static func stage(_ ownership: Ownership) -> Stage {
        switch ownership.state {
        case .unowned: .unowned
        case .elsewhere: .elsewhere
        case .claiming: .claiming
        case .owned: .owned
        case .uncertain: .uncertain
        case .deposed: .deposed
        }
    }

    @Test("Every state is reachable", arguments: Stage.allCases)
    func reach(stage: Stage) throws {
        #expect(Self.stage(Self.ownership(at: stage, try Nodes())) == stage)
    }

    @Test("Nothing but a row that was read makes a node the owner", arguments: Stage.allCases)
    func onlyReadingMakesAnOwner(stage: Stage) throws {
        let nodes = try Nodes()
        for (name, input) in Self.inputs(nodes) {
            var ownership = Self.ownership(at: stage, nodes)
            let owner = ownership.owner
            let action = ownership.handle(input)
            guard case .owned(let epoch) = ownership.state else { continue }
            #expect(ownership.owner == nodes.here && ownership.epoch == epoch, "\(name) at \(stage)")
            // Who becomes it by anything else was it before.
            if case .read = input { continue }
            #expect(owner == nodes.here, "\(name) at \(stage)")
            #expect(action == nil || action == .write(epoch: epoch), "\(name) at \(stage)")
        }
    }

    @Test("An epoch never goes back", arguments: Stage.allCases)
    func epochsGrow(stage: Stage) throws {
        let nodes = try Nodes()
        for (name, input) in Self.inputs(nodes) {
            var ownership = Self.ownership(at: stage, nodes)
            let epoch = ownership.epoch
            _ = ownership.handle(input)
            #expect(ownership.epoch >= epoch, "\(name) at \(stage)")
        }
    }

    @Test("Whatever is unsettled is settled by reading", arguments: Stage.allCases)
    func readingSettles(stage: Stage) throws {
        let nodes = try Nodes()
        for last in [
            Ownership.Input.read(epoch: 9, owner: nodes.here), .read(epoch: 9, owner: nodes.there), .readToEnd,
        ] {
            var ownership = Self.ownership(at: stage, nodes)
            _ = ownership.handle(last)
            #expect(!ownership.isUnsettled, "\(last) at \(stage)")
        }
    }

    @Test("Only a writer is told to stop, and always when another's epoch begins", arguments: Stage.allCases)
    func stops(stage: Stage) throws {
        let nodes = try Nodes()
        var ownership = Self.ownership(at: stage, nodes)
        let action = ownership.handle(.read(epoch: 9, owner: nodes.there))
        #expect((action == .stop) == [.owned, .uncertain, .deposed].contains(stage))
        #expect(ownership.state == .elsewhere(nodes.there))
    }

    @Test("docs/ownership.md matches the machine (ONSALE_WRITE_DOCS=1 updates it)")
    func document() throws {
        let url = URL(filePath: #filePath).appending(path: "../../../docs/ownership.md").standardized
        let text = try String(contentsOf: url, encoding: .utf8)
        let marks = ("<!-- the machine -->\n", "<!-- end -->\n")
        let start = try #require(text.range(of: marks.0)).upperBound
        let end = try #require(text.range(of: marks.1)).lowerBound
        let table = try Self.table()
        if ProcessInfo.processInfo.environment["ONSALE_WRITE_DOCS"] != nil {
            try (text[..<start] + table + text[end...]).write(to: url, atomically: true, encoding: .utf8)
        } else {
            #expect(text[start..<end] == table)
        }
    }

    private static func words(_ action: Ownership.Action?) -> String {
        switch action {
        case .claim: "append a row that begins an epoch of ours"
        case .read: "read the journal to its end"
        case .write: "write"
        case .stop: "stop writing"
        case nil: "nothing"
        }
    }

    private static func table() throws -> String {
        let nodes = try Nodes()
        var rows = "| state | what happens | state after it | what to do |\n| --- | --- | --- | --- |\n"
        for stage in Stage.allCases {
            var lines: [(inputs: [String], rest: String)] = []
            for (name, input) in inputs(nodes) {
                let before = ownership(at: stage, nodes)
                var after = before
                let action = after.handle(input)
                guard after != before || action != nil else { continue }
                let next = Self.stage(after)
                let rest = "\(next == stage ? "stays" : next.rawValue) | \(words(action))"
                if let same = lines.firstIndex(where: { $0.rest == rest }) {
                    lines[same].inputs.append(name)
                } else {
                    lines.append(([name], rest))
                }
            }
            for line in lines {
                rows += "| \(stage.rawValue) | \(line.inputs.joined(separator: "; ")) | \(line.rest) |\n"
            }
        }
        return rows
    }
}
