public import OnsaleValues

/// From here on another run of a node writes the event. It is the first fact of its row, or the second after
/// `created`, so whoever wrote before collides with it.
public struct EpochBegun: Hashable, Sendable {
    /// 1 for the first; each is greater than the one before.
    public let epoch: UInt64
    public let owner: NodeID

    public init(epoch: UInt64, owner: NodeID) {
        self.epoch = epoch
        self.owner = owner
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(unsigned: epoch)
        writer.write(string: owner.name)
        writer.write(fixed64: owner.session)
    }

    init(from reader: inout ByteReader) throws(ByteReadingError) {
        epoch = try reader.unsigned()
        guard let owner = NodeID(name: try reader.string(), session: try reader.fixed64()), epoch > 0 else {
            throw reader.malformed
        }
        self.owner = owner
    }
}

extension JournalHead {
    /// The row that begins an epoch for `owner`.
    /// - Parameters:
    ///   - lastTime: when the last row was written; time doesn't go back, whoever's clock it is.
    ///   - facts: what comes before in the same row: the event's creation, or nothing.
    func claim(for owner: NodeID, lastTime: Timestamp, now: Timestamp, after facts: [Fact] = []) -> JournalRow {
        let begun = EpochBegun(epoch: epoch + 1, owner: owner)
        var writer = ByteWriter(reservingCapacity: 128)
        Fact.encode(facts + [.epochBegun(begun)], into: &writer)
        return row(payload: writer.bytes, count: facts.count + 1, time: max(lastTime, now), epoch: begun.epoch)
    }
}
