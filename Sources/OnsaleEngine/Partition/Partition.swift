public import OnsaleSale
public import OnsaleValues
public import OnsaleWaitingRoom

/// Everything about one event, in one value with one writer: its sale and its line.
///
/// Pure like both of them. Here they meet: a hold needs a live pass, and the line ends when the sale is sold out.
public struct Partition: Sendable {
    public let definition: EventDefinition
    /// What the event tells about itself now.
    public private(set) var profile: EventProfile
    public private(set) var sale: Sale
    public private(set) var line: Line
    /// The latest actions of organizers, newest last; the journal has all of them.
    public private(set) var audit: [AuditEntry] = []
    static let auditMax = 1000
    /// Who writes the event, and under which epoch; nil where nobody shares the journal.
    public private(set) var ownership: EpochBegun?
    /// Reused between commands; not part of the state.
    private var saleFacts: [SaleFact] = []
    private var lineFacts: [LineFact] = []

    /// A new event, in the state after its first fact.
    public init(definition: EventDefinition) {
        self.definition = definition
        profile = definition.profile
        sale = Sale(plan: definition.plan, terms: definition.terms)
        line = Line(schedule: definition.schedule)
    }

    /// The epoch in force; 0 where nobody shares the journal.
    public var epoch: UInt64 { ownership?.epoch ?? 0 }

    public func phase(at now: Timestamp) -> OnsalePhase {
        let phase = line.phase(at: now)
        return phase == .open && sale.isSoldOut ? .soldOut : phase
    }

    /// Free and held places: there is no point in letting more people shop than that.
    var placesLeft: Int {
        let counts = sale.counts
        return counts.free + counts.held
    }

    /// Who placed the orders that these facts tell of.
    func buyers(ofOrdersIn facts: [Fact]) -> [BuyerID] {
        facts.compactMap { fact in
            guard case .sale(.orderPlaced(let placed)) = fact else { return nil }
            return sale.order(placed.order)?.buyer
        }
    }

    /// Goes on with what the process knows of the line's people from an earlier state of the same event.
    mutating func carryOn(_ earlier: borrowing Partition) {
        line.carryOn(earlier.line.attendance)
    }

    /// Forgets what only this process knows of the line's people. By the time it writes the event again, that is old.
    mutating func forgetAttendance() {
        line.forgetAttendance()
    }

    /// Whether it must stay loaded: something is in progress, or its opening is still ahead.
    public func hasUnfinishedBusiness(at now: Timestamp) -> Bool {
        sale.hasUnfinishedBusiness || line.hasUnfinishedBusiness(at: now)
    }

    // MARK: Deciding

    /// Decides a command. Call ``advance(to:facts:)`` with the same `now` first.
    public mutating func apply<Command: EventCommand>(
        _ command: Command, now: Timestamp, facts: inout [Fact]
    ) throws(Command.Reason) -> Command.Answer {
        try command.decide(in: &self, now: now, facts: &facts)
    }

    mutating func decide<Command: SaleCommand>(
        _ command: Command, now: Timestamp, facts: inout [Fact]
    ) throws(Refusal) -> Command.Answer {
        let placesBefore = placesLeft
        // Facts already decided stand, even if the command is then refused.
        defer {
            followSale(at: now)
            // The line ends when the last place is sold, and resumes when places come back.
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

    /// Releases the holds of a pass that is about to end.
    mutating func releaseHolds(of buyer: BuyerID, pass: PassID, now: Timestamp) {
        sale.releaseHolds(of: buyer, pass: pass, now: now, facts: &saleFacts)
        tellLine(of: saleFacts, at: now)
    }

    mutating func record(_ note: AuditNote, at now: Timestamp, facts: inout [Fact]) {
        facts.append(.audited(note))
        keep(note, at: now)
    }

    /// Has the event tell that about itself, if it doesn't yet.
    mutating func show(_ profile: EventProfile, facts: inout [Fact]) {
        guard profile != self.profile else { return }
        self.profile = profile
        facts.append(.profileChanged(profile))
    }

    private mutating func keep(_ note: AuditNote, at now: Timestamp) {
        if audit.count == Partition.auditMax { audit.removeFirst() }
        audit.append(AuditEntry(at: now, note: note))
    }

    /// Moves the event's clock; everything due by `now` happens.
    public mutating func advance(to now: Timestamp, facts: inout [Fact]) {
        sale.advance(to: now, facts: &saleFacts)
        tellLine(of: saleFacts, at: now)
        while let pass = line.duePass(at: now) {
            line.settleDuePass(isIdle: !sale.isShopping(pass.buyer), now: now, facts: &lineFacts)
        }
        line.advance(to: now, placesLeft: placesLeft, facts: &lineFacts)
        collect(into: &facts)
    }

    /// Tells the line what the sale's last step means for it. Deciding and replaying both do this, so they agree.
    private mutating func tellLine(of facts: some Sequence<SaleFact>, at now: Timestamp) {
        for buyer in sale.buyersLeftOff { line.noteEnd(of: buyer, at: now) }
        for case .paymentDeclined(let declined) in facts {
            if let pass = sale.order(declined.order)?.pass { line.countDecline(of: pass) }
        }
    }

    /// Ends a pass whose payments were declined too often, and releases its holds.
    private mutating func followSale(at now: Timestamp) {
        guard !saleFacts.isEmpty else { return }
        tellLine(of: saleFacts, at: now)
        for case .paymentDeclined(let declined) in saleFacts {
            guard let order = sale.order(declined.order) else { continue }
            // A hold that was being paid when the pass ended is released too, rather than returned to a dead pass.
            guard
                line.endDeclined(pass: order.pass, now: now, facts: &lineFacts) != nil
                    || line.hasEndedByDeclines(order.pass)
            else { continue }
            sale.releaseHolds(of: order.buyer, pass: order.pass, now: now, facts: &saleFacts)
            tellLine(of: [], at: now)
        }
    }

    /// A fact that was just decided but didn't apply: a bug. Discard everything decided since the last batch.
    public var fault: String? { sale.fault?.description ?? line.fault?.description }

    /// When ``advance(to:facts:)`` next has something to do; nil if never.
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
        case .created: throw ContradictoryFact("an event is created twice")
        case .sale(let fact):
            try sale.replay(fact, at: at)
            tellLine(of: CollectionOfOne(fact), at: at)
        case .line(let fact): try line.replay(fact, at: at)
        case .audited(let note): keep(note, at: at)
        case .epochBegun(let begun):
            guard begun.epoch > epoch else { throw ContradictoryFact("an epoch begins twice") }
            ownership = begun
        case .profileChanged(let profile): self.profile = profile
        }
    }

    // MARK: Snapshots

    static let snapshotFormat: UInt8 = 9

    /// The state without the definition, which is in the journal's first row.
    public func encodeSnapshot() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 1 << 20)
        writer.write(byte: Partition.snapshotFormat)
        sale.encodeSnapshot(into: &writer)
        line.encodeSnapshot(into: &writer)
        encodeAudit(into: &writer)
        encodeOwnership(into: &writer)
        encodeProfile(into: &writer)
        return writer.bytes
    }

    func encodeAudit(into writer: inout ByteWriter) {
        writer.write(count: audit.count)
        for entry in audit {
            writer.write(timestamp: entry.at)
            entry.note.encode(into: &writer)
        }
    }

    func encodeOwnership(into writer: inout ByteWriter) {
        writer.write(optional: ownership) { $1.encode(into: &$0) }
    }

    /// Only what has changed since the creation.
    func encodeProfile(into writer: inout ByteWriter) {
        writer.write(optional: profile == definition.profile ? nil : profile) { $1.encode(into: &$0) }
    }

    /// Restores the state from a snapshot.
    /// - Throws: ``ByteReadingError`` if the snapshot has another format or is damaged.
    public init(definition: EventDefinition, snapshot: [UInt8]) throws(ByteReadingError) {
        var reader = ByteReader(snapshot)
        guard try reader.byte() == Partition.snapshotFormat else { throw reader.malformed }
        self.definition = definition
        profile = definition.profile
        sale = try Sale(plan: definition.plan, terms: definition.terms, snapshot: &reader)
        line = try Line(snapshot: &reader)
        for _ in 0..<(try reader.count()) {
            let at = try reader.timestamp()
            keep(try AuditNote(from: &reader), at: at)
        }
        ownership = try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
            try EpochBegun(from: &reader)
        }
        profile =
            try reader.optional { (reader: inout ByteReader) throws(ByteReadingError) in
                try EventProfile(from: &reader)
            } ?? definition.profile
        guard reader.isAtEnd else { throw reader.malformed }
    }

    /// All rule breaches in this state; recounts everything.
    public func breaches() -> [Breach] {
        sale.breaches() + line.breaches()
    }
}
