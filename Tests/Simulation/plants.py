"""Bugs planted on purpose. `make plants` applies one at a time, and the simulation must catch each.

A plant is a name, a sentence of what is wrong then, and edits: a file, a text that occurs in it exactly once, and what
stands there instead.

Not kept, since the design makes them harmless (300 seeds found nothing; two were only thought through):

- A row is appended without a look at its epoch, or a claim's epoch isn't compared with the head's. The checksum chains
  each row to the one before, so a deposed owner's row follows on nothing anyway; the epoch in the row is there for
  `onsale verify` and for people.
- (Not run.) A claim follows on what the journal's head says now, not on what this node has replayed. Its first row
  then collides, and it reads. Harm begins where the state is old and the head is not: `stale-heir`.
- A batch that was in doubt and turns out to be written is not answered as such. It is answered with the next batch, or
  with 503. Harm begins where the event is forgotten over it: `doubt-never-answered`.
- A row that another node tells of is taken without a look at whether it comes next. The checksum doesn't fit then, and
  the event is read anew.
- (Not run.) People passed over before a reload stay passed over. Whoever is seen again goes to the front, and who isn't
  seen isn't present.
- A batch of which nothing is known is refused and the state read again at once, without a row in the batch's place; a
  claim of which nothing is known counts as refused (10,000 seeds of each found nothing). A row that comes late is read
  like any other, and a 503 promises nothing.
"""

OWNERSHIP = "Sources/OnsaleOwnership/Ownership.swift"
NEIGHBOURHOOD = "Sources/OnsaleOwnership/Neighbourhood.swift"
STEWARD = "Sources/OnsaleEngine/Ownership/Steward.swift"
EPOCHS = "Sources/OnsaleEngine/Ownership/Steward+Epochs.swift"
SETTLING = "Sources/OnsaleEngine/Ownership/Steward+Settling.swift"
FOLLOWING = "Sources/OnsaleEngine/Ownership/Steward+Following.swift"
LOOKOUT = "Sources/OnsaleEngine/Ownership/Lookout.swift"
HEARING = "Sources/OnsaleEngine/Ownership/Steward+Hearing.swift"
LEASE = "Sources/OnsaleEngine/Ownership/Lease.swift"
ACCESS = "Sources/OnsaleEngine/EventAccess.swift"
LOOP = "Sources/OnsaleEngine/Writer/WriterLoop.swift"
BATCH = "Sources/OnsaleEngine/Writer/WriterLoop+Batch.swift"
CUSTODY = "Sources/OnsaleEngine/Writer/WriterLoop+Custody.swift"
FAILURES = "Sources/OnsaleEngine/Writer/WriterLoop+Failures.swift"
WRITER = "Sources/OnsaleEngine/Writer/EventWriter.swift"
HANDLE = "Sources/OnsaleEngine/Writer/EventHandle.swift"
RECOVERY = "Sources/OnsaleEngine/Journal/Recovery.swift"
SNAPSHOT = "Sources/OnsaleSale/Sale+Snapshot.swift"

PLANTS = [
    # Becoming the owner.
    (
        "no-epoch-row",
        "a node that takes an event writes on without a row that begins an epoch",
        [
            (
                OWNERSHIP,
                "        state = .claiming(epoch: epoch + 1)\n        return .claim(epoch: epoch + 1)",
                "        guard owner != nil else {\n"
                "            state = .claiming(epoch: epoch + 1)\n            return .claim(epoch: epoch + 1)\n"
                "        }\n        state = .owned(epoch: epoch)\n        return .write(epoch: epoch)",
            )
        ],
    ),
    (
        "stale-heir",
        "a replica that hasn't caught up becomes the owner: it writes from an old state after the newest row",
        [
            (
                SETTLING,
                "                mailbox.deliver(.loaded(handle, state))",
                "                mailbox.deliver(.loaded(handle, stale ?? state))",
            ),
            (
                SETTLING,
                "            guard charge.isAside else {\n                try catchUp(event)",
                "            guard charge.isAside else {\n                let before = old.removeValue(forKey: event)\n"
                "                try catchUp(event)\n"
                "                let stale = charges[event]?.replica.flatMap { new in\n"
                "                    before.map {\n"
                "                        RecoveredPartition(\n"
                "                            partition: $0.partition, head: new.head, time: new.time,\n"
                "                            snapshotSequence: $0.snapshotSequence)\n"
                "                    }\n                }",
            ),
            (
                FOLLOWING,
                "        guard let replica = takeReplica(of: event) else {",
                "        if old[event] == nil { old[event] = charges[event]?.replica }\n"
                "        guard let replica = takeReplica(of: event) else {",
            ),
            (
                STEWARD,
                "    var isClosing = false",
                "    var isClosing = false\n    var old: [String: RecoveredPartition] = [:]",
            ),
        ],
    ),
    (
        "takes-from-the-well",
        "a node takes events whose owner is well",
        [
            (
                NEIGHBOURHOOD,
                "            guard isMissing(owner, of: event, at: now) else {\n                missingSince[owner] = nil",
                "            guard owner != node else {\n                missingSince[owner] = nil",
            )
        ],
    ),
    (
        "silence-unheard",
        "a node that was away counts its own silence as that of the others",
        [
            (
                NEIGHBOURHOOD,
                "            if node.beat != known.node.beat || wasAway { known.beatAt = now }",
                "            if node.beat != known.node.beat, !wasAway { known.beatAt = now }",
            )
        ],
    ),
    (
        "silence-while-away",
        "while a node can't reach the registry, the others fall silent to it",
        [
            (
                NEIGHBOURHOOD,
                "        min(now, seenAt ?? now) - neighbour.beatAt",
                "        now - neighbour.beatAt",
            )
        ],
    ),
    (
        "edge-takes",
        "a node that doesn't sell takes events",
        [
            (
                NEIGHBOURHOOD,
                "filter { $0.node.sells && isWell($0, now) }",
                "filter { isWell($0, now) }",
            )
        ],
    ),
    (
        "hot-potato",
        "a node hands over events that are well placed with it",
        [
            (
                NEIGHBOURHOOD,
                "        return heir == node ? nil : heir",
                "        return heir == node ? settled(at: now).first { $0 != node } : heir",
            )
        ],
    ),
    (
        "no-tenure",
        "an event may be handed on as soon as it was taken, so it goes round where nodes disagree on who is well",
        [
            (
                EPOCHS,
                "        guard isClosing || now - Steward.tenureMilliseconds >= charge.takenAt else { return }\n",
                "        _ = charge\n",
            ),
            (
                NEIGHBOURHOOD,
                "        return now < min(neighbour.mutedUntil, neighbour.seizableUntil)"
                " && !neighbour.seized.contains(event)",
                "        return now < neighbour.mutedUntil",
            ),
        ],
    ),
    # A batch and its outcome.
    (
        "lease-over-journal",
        "a row that collided counts as written, since the lease says that we own the event",
        [
            (
                BATCH,
                "            if case .committed = outcome { landed.append(writer) } else",
                "            var isOurs = false\n"
                "            if case .notAtHead = outcome { isOurs = true }\n"
                "            if case .committed = outcome { isOurs = true }\n"
                "            if isOurs { landed.append(writer) } else",
            )
        ],
    ),
    (
        "reply-before-commit",
        "everyone in a batch is answered before it is in the journal",
        [
            (
                BATCH,
                "        let landing = Landing()",
                "        for writer in flight.writers { writer.answer() }\n        let landing = Landing()",
            )
        ],
    ),
    (
        "unknown-is-committed",
        "a batch of which nothing is known counts as written",
        [
            (
                BATCH,
                "            if case .committed = outcome { landed.append(writer) } else",
                "            var isOurs = false\n"
                "            if case .unknown = outcome { isOurs = true }\n"
                "            if case .committed = outcome { isOurs = true }\n"
                "            if isOurs { landed.append(writer) } else",
            )
        ],
    ),
    (
        "unknown-is-failed",
        "a batch of which nothing is known is refused, and the state in memory goes on",
        [
            (
                BATCH,
                "            setAside(writer, now: now)\n"
                "            custody.lostTrack(of: writer.handle.id, row: writer.row, after: writer.head,"
                " time: writer.lastTime)",
                "            _ = custody\n            writer.fail(.unavailable)",
            )
        ],
    ),
    (
        "doubt-never-answered",
        "an event whose batch was in doubt, and turns out to be written, is forgotten, and whoever waits for it",
        [
            (
                CUSTODY,
                "        if settlement.isDurable { complete([writer], [writer.row].compactMap { $0 }, batch: 0) }",
                "        if settlement.isDurable { return }",
            )
        ],
    ),
    (
        "lost-is-durable",
        "a batch that was lost is answered as if it were written",
        [(SETTLING, "        return found?.checksum == row.checksum", "        return found?.checksum != nil")],
    ),
    (
        "two-batches-at-once",
        "an event's next batch is decided while the one before is on its way",
        [
            (
                BATCH,
                "            !writer.isInFlight\n                && (told",
                "            (told",
            )
        ],
    ),
    (
        "gives-up-in-flight",
        "an event is given up while its batch is on its way",
        [
            (
                CUSTODY,
                "            guard !writer.isInFlight, !writer.isNew, let custody else { continue }",
                "            guard !writer.isNew, let custody else { continue }",
            )
        ],
    ),
    (
        "full-goes-on",
        "after a batch that the full database refused, the state in memory goes on",
        [
            (
                FAILURES,
                "        guard hadChanges else { return }\n",
                "        guard hadChanges, custody == nil else { return }\n",
            )
        ],
    ),
    (
        "full-reads-on",
        "after a batch that the full database refused, the loop reads the state itself and goes on, whoever owns it",
        [
            (
                FAILURES,
                "        if let custody {\n            // Others may",
                "        if let custody, writer.isNew {\n            // Others may",
            )
        ],
    ),
    # Ceasing to be the owner.
    (
        "saga-goes-on",
        "the old owner goes on asking the provider, and what it learns is applied",
        [
            (
                ACCESS,
                "        isTrusted() && (try? directory.loaded(event))?.epoch == epoch",
                "        (try? directory.loaded(event)) != nil",
            ),
            (
                WRITER,
                "            if let epoch = envelope.epoch, epoch != partition.epoch {",
                "            if let epoch = envelope.epoch, epoch == .max {",
            ),
        ],
    ),
    (
        "epoch-ignored",
        "what was learned under one epoch is applied under the next",
        [
            (
                WRITER,
                "            if let epoch = envelope.epoch, epoch != partition.epoch {",
                "            if let epoch = envelope.epoch, epoch == .max {",
            )
        ],
    ),
    (
        "lease-for-ever",
        "a node that hasn't heard from the registry for long still believes that it owns its events",
        [(LEASE, "        now <= until.load(ordering: .acquiring)", "        until.load(ordering: .acquiring) > .min")],
    ),
    (
        "acts-before-it-heeds",
        "the lease is extended though what the registry says of other owners waits for the steward",
        [
            (
                LOOKOUT,
                "            if let handle = try? directory.loaded(head.event), handle.isHere "
                "{ handle.doubt(before: head.epoch) }\n"
                "            // One that is in doubt already, or not here yet, may come from a state that is older than "
                "this.\n"
                "            mailbox.deliver(.challenge(event: head.event, epoch: head.epoch))\n",
                "",
            ),
            (
                STEWARD,
                "        charges[event]?.handle?.doubt(before: epoch)\n"
                "        mailbox.deliver(.challenge(event: event, epoch: epoch))",
                "        later.append((event, epoch))",
            ),
            (
                STEWARD,
                "        for note in inbox.take() { heed(note) }",
                "        for note in inbox.take() { heed(note) }\n"
                "        for (event, epoch) in later {\n            charges[event]?.handle?.doubt(before: epoch)\n"
                "            mailbox.deliver(.challenge(event: event, epoch: epoch))\n        }\n"
                "        later.removeAll()",
            ),
            (
                STEWARD,
                "    var isClosing = false",
                "    var isClosing = false\n    private var later: [(String, UInt64)] = []",
            ),
        ],
    ),
    (
        "trust-regained-unheard",
        "a node that was out of touch for a moment doesn't go on with what waited meanwhile",
        [(LOOP, "            wasTrusted = true\n            wake()\n", "            wasTrusted = true\n")],
    ),
    (
        "no-challenge",
        "an owner that is told that it was deposed learns it from its next row only",
        [
            (
                LOOKOUT,
                "            if let handle = try? directory.loaded(head.event), handle.isHere "
                "{ handle.doubt(before: head.epoch) }\n"
                "            // One that is in doubt already, or not here yet, may come from a state that is older than "
                "this.\n"
                "            mailbox.deliver(.challenge(event: head.event, epoch: head.epoch))\n",
                "",
            ),
            (
                STEWARD,
                "        charges[event]?.handle?.doubt(before: epoch)\n"
                "        mailbox.deliver(.challenge(event: event, epoch: epoch))\n",
                "",
            ),
        ],
    ),
    (
        "hand-over-goes-on",
        "whoever hands an event over goes on writing it",
        [
            (
                CUSTODY,
                "            writer.fail(.moved)\n            setAside(writer, now: now)\n            custody.gaveUp",
                "            releasing.remove(event)\n            custody.gaveUp",
            )
        ],
    ),
    (
        "doubt-without-end",
        "whoever collided, and finds no other owner, stays in doubt",
        [
            (
                OWNERSHIP,
                "        case (.uncertain(let epoch), .readToEnd), (.deposed(let epoch), .readToEnd):",
                "        case (.deposed, .readToEnd): return nil\n        case (.uncertain(let epoch), .readToEnd):",
            )
        ],
    ),
    (
        "left-inbox-open",
        "whoever waits at a node that has lost the event is not sent on",
        [
            (
                CUSTODY,
                "            for envelope in writer.handle.leave() { envelope.refuse(.moved) }\n",
                "",
            )
        ],
    ),
    # Following.
    (
        "skips-a-row",
        "a replica passes over a small row",
        [
            (
                RECOVERY,
                "        for (offset, fact) in facts.enumerated() { try take(fact, row: row, offset: offset) }",
                "        for (offset, fact) in facts.enumerated() {\n"
                "            if isResumed, facts.count == 1, case .sale = fact { continue }\n"
                "            try take(fact, row: row, offset: offset)\n        }",
            ),
            (
                RECOVERY,
                "        name = state.head.partition\n",
                "        name = state.head.partition\n        isResumed = true\n",
            ),
            (
                RECOVERY,
                "    private var checksumAtExpectedHead: [UInt8] = []",
                "    private var checksumAtExpectedHead: [UInt8] = []\n    private var isResumed = false",
            ),
        ],
    ),
    (
        "reads-a-row-twice",
        "a replica takes its last row again",
        [
            (
                FOLLOWING,
                "        let next = replica.head.lastSequence + 1",
                "        let next = replica.head.lastSequence",
            )
        ],
    ),
    (
        "never-follows",
        "a node doesn't read what others have written",
        [
            (
                STEWARD,
                "        } else if charge.replica.map({ $0.head.lastSequence < max(charge.sighted, charge.hinted) })"
                " ?? true {",
                "        } else if charge.replica == nil {",
            )
        ],
    ),
    (
        "half-read-forgotten",
        "what was read of a journal before an error is replayed, and nothing is done about it",
        [
            (
                FOLLOWING,
                "            unreadable(event, error)\n        }\n        // What was read before an error counts, too.\n",
                "            return unreadable(event, error)\n        }\n",
            )
        ],
    ),
    (
        "deaf-heir",
        "a node that hears of the row that makes it the owner replays it, and does nothing about it",
        [(HEARING, "        reconsider(event)\n", "")],
    ),
    # What a state is read from.
    (
        "unfit-snapshot",
        "a snapshot that doesn't fit the journal is taken for damage of the journal",
        [
            (
                RECOVERY,
                "        } catch is JournalDamage where replayer.snapshotSequence > 0 {",
                "        } catch is JournalDamage where replayer.snapshotSequence == .max {",
            )
        ],
    ),
    (
        "forgotten-keys",
        "a state that is read from a snapshot has forgotten the idempotency keys",
        [
            (
                SNAPSHOT,
                "IdempotencyKey(key: key, fingerprint: entry.fingerprint), entry.answer,",
                "IdempotencyKey(key: Digest128(high: key.low, low: key.high), fingerprint: entry.fingerprint),"
                " entry.answer,",
            )
        ],
    ),
]
