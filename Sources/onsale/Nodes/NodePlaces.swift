import OnsaleEngine
import OnsaleHTTP
import OnsaleOwnership
import OnsaleValues

/// Which node writes which event, as the engine knows it.
struct NodePlaces: EventPlaces, ClusterPictures {
    let engine: Engine
    let membership: Membership
    let secret: String
    let reach = PeerReach()

    var node: String { membership.node.name }

    var peers: [Peer] { engine.neighbours.map(Peer.init) }

    var creator: Peer? { membership.sells ? nil : engine.neighbours.first(where: \.sells).map(Peer.init) }

    func place(of event: String) -> EventPlace {
        let others = engine.neighbours
        // Who hears nothing from the database knows nobody's place any more; perhaps another node does.
        guard engine.isInTouch else { return others.first.map { .at(Peer($0)) } ?? .nowhere(retryAfterSeconds: 1) }
        guard let seat = engine.seat(of: event) else { return .here }
        if seat.isHere || seat.owner == membership.node { return .here }
        if let owner = others.first(where: { $0.id == seat.owner }) { return .at(Peer(owner)) }
        // Perhaps only the way from here is broken.
        if engine.muted.contains(where: { $0.id == seat.owner }), let other = others.first { return .at(Peer(other)) }
        return .nowhere(retryAfterSeconds: 1)
    }

    var owners: Set<String> { Set(engine.seats.values.compactMap { $0.owner?.name }) }

    func noteAnswer(from peer: Peer) { reach.noteAnswer(of: peer.name) }

    func noteNoAnswer(from peer: Peer, since: Int64) {
        guard reach.isGivenUp(peer.name, since: since),
            let silent = engine.neighbours.first(where: { $0.id.name == peer.name })
        else { return }
        engine.noteSilence(of: silent.id)
    }

    func picture() async -> ClusterPicture {
        ClusterPicture(
            node: node, nodes: engine.nodes.map { .init(name: $0.id.name, url: $0.url, since: $0.since) },
            events: engine.seats.map { event, seat in
                .init(
                    event: event, owner: seat.owner?.name, epoch: seat.epoch, since: seat.since,
                    behind: seat.isHere ? 0 : seat.behind)
            })
    }
}

extension Peer {
    init(_ node: RegisteredNode) {
        self.init(name: node.id.name, url: node.url)
    }
}
