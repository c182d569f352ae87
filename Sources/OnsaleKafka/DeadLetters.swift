import OnsaleBus

/// A dead letter as it lies in its topic.
struct BuriedLetter: Sendable {
    let letter: DeadLetter
    let partition: Int32
    let offset: Int64
    /// When it was buried, in milliseconds since 1970.
    let time: Int64
}

extension DeadLetter {
    static let groupHeader = "onsale_dead_group"
    static let reasonHeader = "onsale_dead_reason"
    private static let reasonCharactersMax = 1_024

    /// The message with two more headers, for the topic of dead letters.
    var parcel: Parcel {
        let more = [
            BusMessage.Header(DeadLetter.groupHeader, group),
            BusMessage.Header(DeadLetter.reasonHeader, String(reason.prefix(DeadLetter.reasonCharactersMax))),
        ]
        return Parcel(
            topic: topic.dead,
            message: BusMessage(key: message.key, headers: message.headers + more, data: message.data))
    }

    /// Takes the two headers off again: the last of each, since the message may have had such before.
    init(_ topic: Topic, buried: BusMessage) {
        var headers = buried.headers
        func takeLast(_ name: String) -> String {
            guard let index = headers.lastIndex(where: { $0.name == name }) else { return "" }
            return headers.remove(at: index).value
        }
        let reason = takeLast(DeadLetter.reasonHeader)
        let group = takeLast(DeadLetter.groupHeader)
        self.init(
            topic: topic, message: BusMessage(key: buried.key, headers: headers, data: buried.data), group: group,
            reason: reason)
    }
}

extension BuriedLetter {
    /// The oldest of a topic's letters, each partition's in its order: so what is taken of a partition is a beginning.
    static func oldest(_ limit: Int, of partitions: [[BuriedLetter]]) -> [BuriedLetter] {
        var rests = partitions.map { $0[...] }
        var all: [BuriedLetter] = []
        while all.count < limit {
            let heads = rests.indices.filter { !rests[$0].isEmpty }
            guard let index = heads.min(by: { rests[$0].first.map(\.time) ?? 0 < rests[$1].first.map(\.time) ?? 0 }),
                let letter = rests[index].popFirst()
            else { break }
            all.append(letter)
        }
        return all
    }
}
