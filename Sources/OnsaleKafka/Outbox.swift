/// What is to be published, and how much of it Kafka has confirmed. Pure.
///
/// Parcels are handed over in the order in which they came. What a batch has handed over when it fails is a beginning of
/// it, so the order of each lane stays right when all of it is published again.
struct Outbox {
    typealias Answer = Promise<Void>

    /// What has become of a batch.
    struct Outcome {
        let answer: Answer
        let bytes: Int
        let result: Result<Void, any Error>
    }

    private struct Batch {
        var parcels: [Parcel]
        let bytes: Int
        let deadline: Int64
        let answer: Answer
        var handedOver = 0
        var confirmed = 0
    }

    private var batches: [UInt: Batch] = [:]
    /// Those with something still to be handed over.
    private var waiting: [UInt] = []
    private var first = 0
    private var newest: UInt = 0

    mutating func add(_ parcels: [Parcel], bytes: Int, deadline: Int64, answer: Answer) {
        newest += 1
        batches[newest] = Batch(parcels: parcels, bytes: bytes, deadline: deadline, answer: answer)
        waiting.append(newest)
    }

    /// The next parcel to be handed over, and the number of its batch.
    var next: (batch: UInt, parcel: Parcel)? {
        guard first < waiting.count, let batch = batches[waiting[first]] else { return nil }
        return (waiting[first], batch.parcels[batch.handedOver])
    }

    /// Whether the batch that is next is wanted no more.
    var isNextSettled: Bool {
        guard first < waiting.count, let batch = batches[waiting[first]] else { return false }
        return batch.answer.isSettled
    }

    /// The next parcel was handed over.
    mutating func handOver() {
        guard first < waiting.count else { return }
        let number = waiting[first]
        batches[number]?.handedOver += 1
        guard let batch = batches[number], batch.handedOver == batch.parcels.count else { return }
        passOn()
    }

    /// The batch that is next fails; nothing of it is handed over any more.
    mutating func refuseNext(_ error: any Error) -> Outcome? {
        guard first < waiting.count else { return nil }
        let number = waiting[first]
        passOn()
        return batches.removeValue(forKey: number).map { outcome(of: $0, .failure(error)) }
    }

    /// A parcel of that batch is durable. Those of batches that are gone are passed over.
    mutating func confirm(_ number: UInt) -> Outcome? {
        batches[number]?.confirmed += 1
        guard let batch = batches[number], batch.confirmed == batch.parcels.count else { return nil }
        batches[number] = nil
        return outcome(of: batch, .success(()))
    }

    /// All batches fail.
    mutating func failAll(_ error: any Error) -> [Outcome] {
        defer {
            batches = [:]
            waiting = []
            first = 0
        }
        return batches.values.map { outcome(of: $0, .failure(error)) }
    }

    /// When the first batch is too late.
    var deadline: Int64? { batches.values.lazy.map(\.deadline).min() }

    private mutating func passOn() {
        first += 1
        guard first == waiting.count || first > 1_024 else { return }
        waiting.removeFirst(first)
        first = 0
    }

    private func outcome(of batch: Batch, _ result: Result<Void, any Error>) -> Outcome {
        Outcome(answer: batch.answer, bytes: batch.bytes, result: result)
    }
}
