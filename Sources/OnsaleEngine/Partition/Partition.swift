public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// Everything about one event, in one value with one writer: its sale and its line.
///
/// Pure like both of them; here they meet (a hold needs a living pass, a line ends when the sale is sold out).
public struct Partition: Sendable {
    public let definition: EventDefinition
    public private(set) var sale: Sale
    public private(set) var line: Line
    /// What organizers have done, the newest last; the journal has what was done before these.
    public private(set) var audit: [AuditEntry] = []
    static let auditMax = 1000
    /// Reused between commands; never part of the state.
    private var saleFacts: [SaleFact] = []
    private var lineFacts: [LineFact] = []

    /// A new event, as its first fact says.
    public init(definition: EventDefinition) {
        self.definition = definition
        sale = Sale(plan: definition.plan, terms: definition.terms)
        line = Line(schedule: definition.schedule)
    }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = line.phase(at: now)
        return phase == .open && sale.isSoldOut ? .soldOut : phase
    }

    /// Places that are free or held: more people than that need not be let in to shop.
    var placesLeft: Int {
        let counts = sale.counts
        return counts.free + counts.held
    }

    /// Whether it must stay loaded: something is under way, or its opening lies ahead.
    public func hasUnfinishedBusiness(at now: Timestamp) -> Bool {
        sale.hasUnfinishedBusiness || line.hasUnfinishedBusiness(at: now)
    }

    // MARK: Deciding

    /// Decides on a command at a moment that ``advance(to:facts:)`` has already been told of.
    public mutating func apply<Command: EventCommand>(
        _ command: Command, now: Timestamp, facts: inout [Fact]
    ) throws(Command.Reason) -> Command.Answer {
        try command.decide(in: &self, now: now, facts: &facts)
    }

    mutating func decide<Command: SaleCommand>(
        _ command: Command, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> Command.Answer {
        let placesBefore = placesLeft
        // What was decided stands, also when the answer is no.
        defer {
            followSale(at: now)
            // The line follows what is left: it ends with the last place, and goes on when places come back.
            if placesLeft != placesBefore || !lineFacts.isEmpty {
                line.advance(to: now, placesLeft: placesLeft, facts: &lineFacts)
            }
            collect(into: &facts)
        }
        return try sale.apply(command, now: now, facts: &saleFacts)
    }

    mutating func decide<Command: LineCommand>(
        _ command: Command, now: Timestamp, facts: inout [Fact]
    ) throws(LineRefusal) -> Command.Answer {
        defer { collect(into: &facts) }
        return try line.apply(command, now: now, placesLeft: placesLeft, facts: &lineFacts)
    }

    /// Gives back what is held with a pass that is about to end.
    mutating func releaseHolds(of buyer: BuyerID, pass: PassID, now: Timestamp) {
        sale.releaseHolds(of: buyer, pass: pass, now: now, facts: &saleFacts)
        tellLine(of: saleFacts, at: now)
    }

    mutating func record(_ note: AuditNote, at now: Timestamp, facts: inout [Fact]) {
        facts.append(.audited(note))
        keep(note, at: now)
    }

    private mutating func keep(_ note: AuditNote, at now: Timestamp) {
        if audit.count == Partition.auditMax { audit.removeFirst() }
        audit.append(AuditEntry(at: now, note: note))
    }

    /// Tells the event what time it is.
    public mutating func advance(to now: Timestamp, facts: inout [Fact]) {
        sale.advance(to: now, facts: &saleFacts)
        tellLine(of: saleFacts, at: now)
        while let pass = line.duePass(at: now) {
            line.settleDuePass(isIdle: !sale.isShopping(pass.buyer), now: now, facts: &lineFacts)
        }
        line.advance(to: now, placesLeft: placesLeft, facts: &lineFacts)
        collect(into: &facts)
    }

    /// What the line must know of the sale's last step; the same when it is decided on and when it is replayed.
    private mutating func tellLine(of facts: some Sequence<SaleFact>, at now: Timestamp) {
        for buyer in sale.buyersLeftOff { line.noteEnd(of: buyer, at: now) }
        for case .paymentDeclined(let declined) in facts {
            if let pass = sale.order(declined.order)?.pass { line.countDecline(of: pass) }
        }
    }

    /// What follows from the sale's last step: a pass with which too many payments were declined ends, and with it what
    /// was held.
    private mutating func followSale(at now: Timestamp) {
        guard !saleFacts.isEmpty else { return }
        tellLine(of: saleFacts, at: now)
        for case .paymentDeclined(let declined) in saleFacts {
            guard let order = sale.order(declined.order) else { continue }
            // What was being paid when the pass ended comes back to nobody.
            guard
                line.endDeclined(pass: order.pass, now: now, facts: &lineFacts) != nil
                    || line.hasEndedByDeclines(order.pass)
            else { continue }
            sale.releaseHolds(of: order.buyer, pass: order.pass, now: now, facts: &saleFacts)
            tellLine(of: [], at: now)
        }
    }

    /// A fact that did not apply though it had just been decided on: a bug. What was decided since must be thrown away.
    public var fault: String? { sale.fault?.description ?? line.fault?.description }

    public mutating func nextDue() -> Timestamp? {
        let sale = sale.nextDue()
        let line = line.nextDue()
        guard let sale, let line else { return sale ?? line }
        return min(sale, line)
    }

    private mutating func collect(into facts: inout [Fact]) {
        for fact in saleFacts { facts.append(.sale(fact)) }
        for fact in lineFacts { facts.append(.line(fact)) }
        saleFacts.removeAll(keepingCapacity: true)
        lineFacts.removeAll(keepingCapacity: true)
    }

    // MARK: Evolving

    /// Applies a fact that was journaled at `at`.
    public mutating func replay(_ fact: Fact, at: Timestamp) throws {
        switch fact {
        case .created: throw ContradictoryFact("an event is created once")
        case .sale(let fact):
            try sale.replay(fact, at: at)
            tellLine(of: CollectionOfOne(fact), at: at)
        case .line(let fact): try line.replay(fact, at: at)
        case .audited(let note): keep(note, at: at)
        }
    }

    // MARK: Snapshots

    static let snapshotFormat: UInt8 = 4

    /// The state without its definition, which the journal's first row holds.
    public func encodeSnapshot() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1 << 20)
        writer.write(byte: Partition.snapshotFormat)
        sale.encodeSnapshot(into: &writer)
        line.encodeSnapshot(into: &writer)
        encodeAudit(into: &writer)
        return writer.bytes
    }

    func encodeAudit(into writer: inout ByteWriter) {
        writer.write(count: audit.count)
        for entry in audit {
            writer.write(timestamp: entry.at)
            entry.note.encode(into: &writer)
        }
    }

    public init(definition: EventDefinition, snapshot: [UInt8]) throws(ByteReadingError) {
        var reader = ByteReader(snapshot)
        guard try reader.byte() == Partition.snapshotFormat else { throw reader.malformed }
        self.definition = definition
        sale = try Sale(plan: definition.plan, terms: definition.terms, snapshot: &reader)
        line = try Line(snapshot: &reader)
        for _ in 0..<(try reader.count()) {
            let at = try reader.timestamp()
            keep(try AuditNote(from: &reader), at: at)
        }
        guard reader.isAtEnd else { throw reader.malformed }
    }

    /// All breaches of the rules in this state.
    public func breaches() -> [Breach] {
        sale.breaches() + line.breaches()
    }
}
