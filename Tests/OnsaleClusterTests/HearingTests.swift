import Doubles
import Logging
import OnsaleOwnership
import OnsaleSale
import OnsaleValues
import OnsaleWaitingRoom
import Synchronization
import Testing

@testable import OnsaleEngine

/// A node that follows an event which another one writes, and hears of its rows.
@Suite struct HearingTests {
    /// A journal that counts how often it is read.
    final class CountedJournal: EventStore {
        let inner = MemoryJournal()
        let reads = Mutex(0)
        let isUnreadable = Mutex(false)
        /// After how many rows reading breaks off.
        let breaksOffAfter = Mutex<Int?>(nil)

        var batchesMax: Int { 1 }
        func heads() throws -> [JournalHead] { try inner.heads() }
        func partitions() throws -> [String] { try inner.partitions() }
        func head(of partition: String) throws -> JournalHead? { try inner.head(of: partition) }
        func latestTime() throws -> Timestamp? { try inner.latestTime() }
        func append(_ rows: [JournalRow], done: @escaping @Sendable ([AppendOutcome]) -> Void) {
            inner.append(rows, done: done)
        }
        func claim(_ row: JournalRow, owner: NodeID) -> AppendOutcome { inner.claim(row, owner: owner) }
        func read(partition: String, from sequence: UInt64, _ body: (JournalRow) throws -> Void) throws {
            reads.withLock { $0 += 1 }
            if isUnreadable.withLock({ $0 }) {
                throw JournalDamage.factUnreadable(partition: partition, sequence: sequence)
            }
            var rows = 0
            try inner.read(partition: partition, from: sequence) { row in
                try body(row)
                rows += 1
                if rows == breaksOffAfter.withLock({ $0 }) { throw JournalError.full }
            }
        }
        func close() throws {}
        func save(_ snapshot: Snapshot) throws { try inner.save(snapshot) }
        func latestSnapshot(of partition: String) throws -> Snapshot? { try inner.latestSnapshot(of: partition) }
        func save(_ dormant: DormantEvent) throws { try inner.save(dormant) }
        func dormantEvents() throws -> [DormantEvent] { try inner.dormantEvents() }
        func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws { try inner.putDocument(bytes, digest: digest) }
        func document(digest: [UInt8]) throws -> [UInt8]? { try inner.document(digest: digest) }
    }

    /// What a follower is told of what others have written.
    final class Witness: Follower {
        let seen = Mutex<[UInt64]>([])
        func follow(_ committed: Committed, in partition: borrowing Partition) {}
        func observe(_ head: JournalHead) { seen.withLock { $0.append(head.lastSequence) } }
    }

    static let start = Timestamp(milliseconds: 1_800_000_000_000)
    let journal = CountedJournal()
    let witness = Witness()
    let directory = EventDirectory()
    let steward: Steward
    let nodes: [NodeID]

    init() throws {
        nodes = [try #require(NodeID(name: "a", session: 1)), try #require(NodeID(name: "b", session: 2))]
        steward = Steward(
            node: nodes[1], inbox: StewardInbox(), journal: journal, directory: directory, mailbox: Mailbox(),
            followers: [witness], limits: EngineLimits(),
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        let definition = EventDefinition(
            id: "opera", tag: 7, title: "Opera", venue: "Hall", startsAt: HearingTests.start, currency: "KRW",
            planDigest: nil,
            plan: SeatingPlan(
                categories: ["A"], seats: [], areas: [.init(name: "Floor", capacity: 9, category: 0)], stage: nil,
                prices: [1000]),
            terms: SaleTerms(prices: [1000], ticketsPerBuyer: 4, holdSeconds: 60, preventOrphans: false),
            schedule: OnsaleSchedule(
                lobbyOpensAt: nil, opensAt: HearingTests.start, closesAt: nil, hasWaitingRoom: true,
                maxActiveShoppers: 5, passSeconds: 600))
        let first = JournalHead.empty("opera").claim(
            for: nodes[0], lastTime: HearingTests.start, now: HearingTests.start, after: [.created(definition)])
        guard case .committed = journal.claim(first, owner: nodes[0]) else { throw JournalError.full }
        look(at: 0)
        witness.seen.withLock { $0.removeAll() }
    }

    /// - Parameter owner: whom the registry calls the owner.
    private func look(at now: Int64, owner: Int = 0) {
        let heads = ((try? journal.heads()) ?? []).map {
            Sighting.Head(
                event: $0.partition, lastSequence: $0.lastSequence, epoch: $0.epoch,
                owner: nodes[owner])
        }
        let registered = nodes.map {
            RegisteredNode(
                id: $0, url: "", sells: true, beat: UInt64(now), isConnected: true, since: HearingTests.start)
        }
        steward.turn(Sighting(nodes: registered, heads: heads, askedAt: now), now: now, wall: HearingTests.start)
    }

    /// Rows that the owner writes next.
    /// - Parameter decide: what happens in each.
    private func rows(
        _ count: Int, areCommitted: Bool = true,
        decide: (inout Partition, inout [Fact], BuyerID) throws -> Void = HearingTests.join
    ) throws -> [JournalRow] {
        let state = try Recovery.recover("opera", from: journal.inner)
        var (partition, head) = (state.partition, state.head)
        var rows: [JournalRow] = []
        for number in 0..<count {
            var facts: [Fact] = []
            try decide(&partition, &facts, BuyerID(high: head.lastSequence, low: UInt64(number)))
            var writer = ByteWriter()
            Fact.encode(facts, into: &writer)
            let row = head.row(payload: writer.bytes, count: facts.count, time: HearingTests.start)
            head = head.advanced(by: row)
            rows.append(row)
        }
        if areCommitted { for row in rows { journal.inner.append([row]) { _ in } } }
        return rows
    }

    private static func join(_ partition: inout Partition, _ facts: inout [Fact], _ buyer: BuyerID) throws {
        _ = try partition.apply(JoinLine(buyer), now: start, facts: &facts)
    }

    /// Everything up to an order.
    private static func order(_ partition: inout Partition, _ facts: inout [Fact], _ buyer: BuyerID) throws {
        func key(_ number: UInt64) -> IdempotencyKey {
            let digest = Digest128(high: buyer.high, low: number)
            return IdempotencyKey(key: digest, fingerprint: digest)
        }
        let entry = try partition.apply(JoinLine(buyer), now: start, facts: &facts)
        let pass = try partition.apply(ClaimPass(of: entry.place.id, buyer: buyer), now: start, facts: &facts)
        let hold = try partition.apply(
            HoldPlaces(.area(0, quantity: 1), buyer: buyer, pass: pass.id, key: key(1)), now: start, facts: &facts)
        _ = try partition.apply(
            PlaceOrder(hold.id, buyer: buyer, paymentMethod: "pm", trace: nil, key: key(2)), now: start,
            facts: &facts)
    }

    private func hear(_ hearsay: Hearsay..., at now: Int64 = 1) {
        for item in hearsay { steward.inbox.hear(item) }
        steward.hear(now: now, wall: HearingTests.start)
    }

    /// What anyone who asks is told.
    private var shown: UInt64 { (try? directory.loaded("opera"))?.view.lastSequence ?? 0 }
    private var reads: Int { journal.reads.withLock { $0 } }
    private var heard: HeardFigures { steward.inbox.heard }

    @Test func theNextRowIsShownWithoutReading() throws {
        let before = reads
        for row in try rows(3) { hear(.row(row)) }
        let head = try journal.head(of: "opera")
        #expect(shown == head?.lastSequence)
        #expect(reads == before && heard.replayed == 3)
        #expect(witness.seen.withLock { $0.count } == 3)
    }

    @Test func rowsThatWaitTogetherAreTakenInOrder() throws {
        let before = reads
        let rows = try rows(3)
        hear(.row(rows[2]), .row(rows[0]), .row(rows[1]), .row(rows[0]))
        #expect(shown == rows[2].lastSequence)
        #expect(reads == before && heard.replayed == 3 && heard.known == 1)
        #expect(witness.seen.withLock { $0 } == [rows[2].lastSequence])
    }

    @Test func aGapIsReadFromTheJournal() throws {
        let rows = try rows(3)
        hear(.row(rows[2]))
        #expect(shown == rows[2].lastSequence)
        #expect(heard.replayed == 0 && heard.read == 1)
        #expect(witness.seen.withLock { $0 } == [rows[2].lastSequence])
    }

    @Test func aNoticeIsReadFromTheJournalOnce() throws {
        let rows = try rows(1)
        hear(.reaches(event: "opera", lastSequence: rows[0].lastSequence))
        #expect(shown == rows[0].lastSequence)
        hear(.reaches(event: "opera", lastSequence: 1 << 40))
        let before = reads
        for turn in 2..<20 { look(at: Int64(turn)) }
        #expect(reads == before, "what isn't there is not looked for again and again")
    }

    @Test func aRowThatDoesNotFollowByItsChecksumChangesNothing() throws {
        let before = shown
        let row = try rows(1, areCommitted: false)[0]
        var payload = row.payload
        payload[payload.count - 1] ^= 1
        hear(
            .row(
                JournalRow(
                    partition: row.partition, sequence: row.sequence, time: row.time, count: row.count,
                    payload: payload, checksum: row.checksum, epoch: row.epoch)))
        #expect(shown == before && heard.replayed == 0)
        // And the true one is still welcome.
        journal.inner.append([row]) { _ in }
        hear(.row(row))
        #expect(shown == row.lastSequence && heard.replayed == 1)
    }

    @Test func rowsOfEventsThatNobodyKnowsAreLeftToTheRegistry() throws {
        let row = try rows(1)[0]
        hear(
            .row(
                JournalRow(
                    partition: "rock", sequence: 1, time: row.time, count: 1, payload: row.payload,
                    checksum: row.checksum)),
            .reaches(event: "fair", lastSequence: 9))
        #expect(heard.known == 2)
        #expect(throws: EngineError.noSuchEvent) { try directory.loaded("rock") }
    }

    @Test func whatTheJournalNeverHadIsForgotten() throws {
        let row = try rows(1, areCommitted: false)[0]
        hear(.row(row), at: 1)
        #expect(shown == row.lastSequence)
        look(at: 5000)
        let replica = steward.charges["opera"]?.replica
        #expect(try replica?.head == journal.head(of: "opera"))
    }

    @Test func whatIsReadAnewIsToldAndItsOrdersAreFound() throws {
        steward.charges["opera"]?.replica = nil
        var buyers: [BuyerID] = []
        let rows = try rows(2) { partition, facts, buyer in
            try HearingTests.order(&partition, &facts, buyer)
            buyers.append(buyer)
        }
        look(at: 2)
        #expect(shown == rows[1].lastSequence)
        #expect(witness.seen.withLock { $0 } == [rows[1].lastSequence])
        let handle = try #require(try directory.loaded("opera"))
        #expect(buyers.count == 2 && buyers.allSatisfy { handle.hasOrders(of: $0) })
    }

    @Test func whatWasReadBeforeAnErrorCounts() throws {
        let head = try #require(try journal.head(of: "opera"))
        let row = head.claim(for: nodes[1], lastTime: HearingTests.start, now: HearingTests.start)
        guard case .committed = journal.claim(row, owner: nodes[1]) else { throw JournalError.full }
        journal.breaksOffAfter.withLock { $0 = 1 }
        look(at: 2)
        journal.breaksOffAfter.withLock { $0 = nil }
        look(at: 3)
        #expect(steward.seat(of: "opera")?.owner == nodes[1])
    }

    @Test func whatThisNodeCanNotReadIsHandedOnAndReadAgain() throws {
        func hand(to node: NodeID) throws {
            let head = try #require(try journal.head(of: "opera"))
            let row = head.claim(for: node, lastTime: HearingTests.start, now: HearingTests.start)
            guard case .committed = journal.claim(row, owner: node) else { throw JournalError.full }
        }
        _ = try rows(1)
        journal.isUnreadable.withLock { $0 = true }
        look(at: 10)
        #expect(throws: EngineError.outOfService) { try directory.loaded("opera") }
        // Its owner is known all the same, so that requests go there.
        look(at: 20)
        #expect(steward.inbox.seat(of: "opera")?.owner == nodes[0])
        try hand(to: nodes[1])
        look(at: 30, owner: 1)
        let declined = try #require(try journal.head(of: "opera"))
        #expect(declined.epoch == 3)
        // It is not handed back and forth without a rest.
        try hand(to: nodes[1])
        look(at: 40, owner: 1)
        #expect(try journal.head(of: "opera")?.epoch == 4)
        journal.isUnreadable.withLock { $0 = false }
        look(at: 5100, owner: 1)
        #expect(steward.inbox.seat(of: "opera")?.owner == nodes[1])
        #expect(try directory.loaded("opera")?.id == "opera")
    }

    @Test func whoeverHandsAnEventOverForgetsWhoWasPresent() throws {
        let handle = try #require(try directory.loaded("opera"))
        let row = try #require(try journal.head(of: "opera")).claim(
            for: nodes[1], lastTime: HearingTests.start, now: HearingTests.start)
        guard case .committed = journal.claim(row, owner: nodes[1]) else { throw JournalError.full }
        look(at: 2)
        // As the loop gives it up for the other node: it has driven the line for an hour.
        let state = try Recovery.recover("opera", from: journal.inner)
        var partition = state.partition
        var facts: [Fact] = []
        partition.advance(to: HearingTests.start, facts: &facts)
        partition.advance(to: HearingTests.start.adding(seconds: 3600), facts: &facts)
        steward.charges["opera"]?.heir = nodes[0]
        steward.inbox.gaveUp(
            RecoveredPartition(
                partition: partition, head: state.head, time: state.time, snapshotSequence: 0), handle: handle)
        steward.turn(nil, now: 3, wall: HearingTests.start)
        let kept = steward.charges["opera"]?.replica?.partition
        #expect(kept?.line.attendance.isFresh == true)
        #expect(!partition.line.attendance.isFresh)
    }

    @Test func moreThanMayWaitIsDropped() throws {
        let row = try rows(1)[0]
        for _ in 0..<Hearsay.waitingMax + 10 { steward.inbox.hear(.row(row)) }
        #expect(heard.dropped == 10)
        steward.hear(now: 1, wall: HearingTests.start)
        #expect(heard.replayed == 1 && heard.known == Hearsay.waitingMax - 1)
    }
}
