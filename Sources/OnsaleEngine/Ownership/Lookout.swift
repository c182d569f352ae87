/// What must happen at once when the registry has been looked at, whatever the ``Steward`` is busy with: events that
/// others have taken are in doubt, and this node may go on believing that it owns the rest.
struct Lookout {
    private let directory: EventDirectory
    private let mailbox: Mailbox
    private let lease: Lease
    /// The last epoch seen of each event.
    private var epochs: [String: UInt64] = [:]

    init(directory: EventDirectory, mailbox: Mailbox, lease: Lease) {
        self.directory = directory
        self.mailbox = mailbox
        self.lease = lease
    }

    mutating func heed(_ sighting: Sighting) {
        for head in sighting.heads where epochs[head.event] ?? 0 < head.epoch {
            epochs[head.event] = head.epoch
            if let handle = try? directory.loaded(head.event), handle.isHere { handle.doubt(before: head.epoch) }
            // One that is in doubt already, or not here yet, may come from a state that is older than this.
            mailbox.deliver(.challenge(event: head.event, epoch: head.epoch))
        }
        // Only now, so that nobody acts for an event that is known to be lost.
        lease.extend(from: sighting.askedAt)
    }
}
