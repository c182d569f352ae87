import Doubles
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization

@testable import OnsaleEngine

/// What must hold, while things go wrong and after.
extension World {
    /// What a node shows is in the journal, and never goes back.
    func watch(_ node: SimulatedNode) {
        for event in events {
            guard let view = try? node.directory.loaded(event)?.view else { continue }
            let head = (try? database.committed.head(of: event))?.lastSequence ?? 0
            if view.lastSequence > head {
                findings.append("\(event): \(node.id) shows fact \(view.lastSequence), the journal has \(head)")
            }
            if let shown = node.shown[event], view.lastSequence < shown {
                findings.append("\(event): \(node.id) shows fact \(view.lastSequence) after \(shown)")
            }
            node.shown[event] = view.lastSequence
        }
    }

    func epochs() -> [String: UInt64] {
        let heads = (try? database.committed.heads()) ?? []
        return Dictionary(heads.map { ($0.partition, $0.epoch) }, uniquingKeysWith: max)
    }

    func judge(healedAt: Int64) throws {
        findings += try Verification(journal: database.committed).run().breaches.map { "\($0)" }
        let told = crowd.told.withLock { $0 }
        findings += told.answers.filter { $0.key >= 0 && $0.value != 1 }.map {
            "request \($0.key / 8) was answered \($0.value) times"
        }
        let living = Set(nodes.map(\.id))
        findings += told.sentTo.filter { told.answers[$0.key] == nil && living.contains($0.value) }.map {
            "request \($0.key / 8) was never answered"
        }
        findings += told.findings + database.findings
        findings += told.created.filter { $0.value > 1 }.map { "\($0.key): created \($0.value) times" }
        findings += told.byKey.filter { $0.value.count > 1 }.map { "key \($0.key) had effects \($0.value.sorted())" }
        if !hasParted, epochsAtRest != epochs() { findings.append("events changed owners though nothing happened") }
        var explained: Set<String> = []
        for event in try database.committed.heads().map(\.partition) {
            // A damaged journal has been found by the verification.
            guard let state = try? Recovery.recover(event, from: database.committed, usingSnapshot: false) else {
                continue
            }
            let (sale, line) = (state.partition.sale, state.partition.line)
            figures.epochs += state.partition.epoch
            let moves = database.moves(of: event)
            figures.moves = max(figures.moves, moves)
            if moves > World.movesMax { findings.append("\(event): went from node to node \(moves) times") }
            figures.orders += sale.orders.count
            figures.paid += sale.orders.count { $0.captured > 0 }
            for order in sale.orders {
                guard let duty = order.duty else { continue }
                let age = state.time.milliseconds - order.placedAt.milliseconds
                findings.append("\(event): order \(order.id.serial) hangs, \(duty) is due, placed \(age) ms ago")
            }
            findings += (told.holds[event] ?? []).filter { !sale.wasMade($0.id) }.map {
                "\(event): hold \($0.id.serial) was answered and is lost"
            }
            findings += (told.orders[event] ?? []).filter { sale.order($0.id)?.hold != $0.hold }.map {
                "\(event): order \($0.id.serial) was answered and is lost"
            }
            let amounts = Dictionary(
                (told.holds[event] ?? []).map { ($0.id, $0.amount) }, uniquingKeysWith: { first, _ in first })
            findings += sale.orders.filter { order in amounts[order.hold].map { $0 != order.amount } ?? false }.map {
                "\(event): order \($0.id.serial) costs \($0.amount), and \(amounts[$0.hold] ?? 0) was answered"
            }
            judgeParts(of: sale, event)
            findings += (told.places[event] ?? [:]).filter {
                $0.value.serial > max(line.issuedNumbers, line.lobbySize ?? 0)
            }
            .map { "\(event): place \($0.value.serial) was answered and is lost" }
            explained.formUnion(sale.orders.filter { $0.state == .confirmed }.compactMap(\.intent))
            judgeOwners(of: event, state)
            judgeRecovery(of: event, told, healedAt)
        }
        judgeMoney(explained)
    }

    /// At rest one node writes each event, and the others have replayed all of it.
    func judgeOwners(of event: String, _ state: RecoveredPartition) {
        let writers = nodes.filter { $0.steward.inbox.seat(of: event)?.isHere ?? false }
        if writers.count != 1 || writers.first?.id != state.partition.ownership?.owner {
            findings.append(
                "\(event): written by \(writers.map(\.id)), owned by \(state.partition.ownership.map { "\($0.owner)" } ?? "nobody")"
            )
        }
        for node in nodes {
            guard let handle = try? node.directory.loaded(event) else {
                findings.append("\(event): unknown at \(node.id)")
                continue
            }
            let reached = headsBefore.first { $0.partition == event }?.lastSequence ?? 0
            if handle.view.lastSequence < reached {
                findings.append(
                    "\(event): \(node.id) shows fact \(handle.view.lastSequence) of \(state.head.lastSequence)")
            }
            judgeView(handle.view, at: node.id, state)
        }
    }

    /// What a node shows at rest is what the facts say.
    func judgeView(_ view: EventView, at node: NodeID, _ state: RecoveredPartition) {
        guard view.lastSequence == state.head.lastSequence else { return }
        let told = EventView(state.partition, lastSequence: view.lastSequence)
        let isTrue =
            view.seatPages == told.seatPages && view.counts == told.counts && view.orders == told.orders
            && view.terms == told.terms && view.gross == told.gross && view.refunded == told.refunded && view.totalsHold
            && view.line.issuedNumbers == told.line.issuedNumbers && view.line.waiting == told.line.waiting
            && view.line.admittedThrough == told.line.admittedThrough
        if !isTrue { findings.append("\(state.head.partition): \(node) shows something else than the facts say") }
    }

    func judgeRecovery(of event: String, _ told: Crowd.Told, _ healedAt: Int64) {
        guard let at = told.soldAgainAt[event] else {
            findings.append("\(event): never sold again")
            return
        }
        figures.recovery = max(figures.recovery, at - healedAt)
        if at - healedAt > World.recovery { findings.append("\(event): sold again only after \(at - healedAt) ms") }
    }

    /// What a confirmed order has given back is what the provider has.
    func judgeParts(of sale: Sale, _ event: String) {
        for order in sale.orders where order.state == .confirmed {
            let account = order.intent.flatMap { intent in gateway.state.withLock { $0[intent] } }
            guard let account else { continue }
            let back = account.refunds.filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount }
            figures.parts += order.partReturn == nil ? 0 : 1
            guard back != order.refunded || order.refunding != 0 else { continue }
            findings.append(
                "\(event): order \(order.id.serial) has given \(order.refunded) back, the provider \(back), and "
                    + "\(order.refunding) is due")
        }
    }

    /// Every captured payment belongs to a confirmed order or has gone back. Second authorizations are the sweep's, which
    /// has tests of its own.
    func judgeMoney(_ explained: Set<String>) {
        for account in gateway.state.withLock({ $0.accounts }) {
            let back = account.refunds.filter { $0.status == .succeeded }.reduce(0) { $0 + $1.amount }
            switch account.status {
            case .captured(let amount) where amount != back && !explained.contains(account.intent):
                findings.append("payment \(account.intent) was captured for nothing")
            default: break
            }
        }
    }
}
