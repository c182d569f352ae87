import Crypto
public import OnsaleValues

/// The checksums that chain each row to the one before it.
public enum JournalChain {
    /// SHA-256 over the predecessor's checksum, the partition's name, the row's numbers and its payload. Journals that
    /// nobody shares are older than epochs, so an epoch of 0 doesn't count.
    public static func checksum(
        after previous: [UInt8], partition: String, sequence: UInt64, time: Timestamp, count: UInt32, payload: [UInt8],
        epoch: UInt64 = 0
    ) -> [UInt8] {
        var header = ByteWriter(reservingCapacity: 64)
        header.write(blob: previous)
        header.write(string: partition)
        header.write(fixed64: sequence)
        header.write(fixed64: UInt64(bitPattern: time.milliseconds))
        header.write(fixed64: UInt64(count))
        if epoch > 0 { header.write(fixed64: epoch) }
        var hash = SHA256()
        hash.update(data: header.bytes)
        hash.update(data: payload)
        return Array(hash.finalize())
    }

    /// Whether a row's checksum matches its content and its predecessor's checksum.
    public static func holds(_ row: JournalRow, after previous: [UInt8]) -> Bool {
        row.checksum
            == checksum(
                after: previous, partition: row.partition, sequence: row.sequence, time: row.time, count: row.count,
                payload: row.payload, epoch: row.epoch)
    }
}

extension JournalRow {
    /// Whether it may be appended after that head, under the same epoch.
    public func follows(_ head: JournalHead) -> Bool {
        isNext(after: head) && (epoch == head.epoch || head.lastSequence == 0)
    }

    /// Whether it may be appended after that head as the first of a new epoch.
    public func beginsEpoch(after head: JournalHead) -> Bool {
        isNext(after: head) && epoch > head.epoch
    }

    private func isNext(after head: JournalHead) -> Bool {
        sequence == head.lastSequence + 1 && JournalChain.holds(self, after: head.checksum)
    }
}

extension JournalHead {
    /// The row that appends these facts after this head.
    /// - Parameter epoch: nil if the head's goes on.
    public func row(payload: [UInt8], count: Int, time: Timestamp, epoch: UInt64? = nil) -> JournalRow {
        let epoch = epoch ?? self.epoch
        return JournalRow(
            partition: partition, sequence: lastSequence + 1, time: time, count: UInt32(count), payload: payload,
            checksum: JournalChain.checksum(
                after: checksum, partition: partition, sequence: lastSequence + 1, time: time, count: UInt32(count),
                payload: payload, epoch: epoch), epoch: epoch)
    }

    /// The head after `row`.
    public func advanced(by row: JournalRow) -> JournalHead {
        JournalHead(
            partition: partition, lastSequence: row.lastSequence, checksum: row.checksum, epoch: row.epoch)
    }
}

extension Snapshot {
    /// SHA-256 over its content, so a damaged snapshot is ignored.
    public var payloadChecksum: [UInt8] {
        var hash = SHA256()
        hash.update(data: rowChecksum)
        hash.update(data: payload)
        return Array(hash.finalize())
    }
}
