import OnsaleBus

extension BusRule {
    static let burying = [
        BusRule("Dead letters are kept until they are redriven, the oldest first") { bus, _ in
            let letters = events(10, keys: 1).map {
                DeadLetter(topic: .orders, message: $0.message, group: "mail", reason: "no address: \($0.id)")
            }
            try await bus.bury(letters)
            try require(try await bus.letters(limit: 100) == letters, "other letters")
            try require(try await bus.letters(limit: 3) == Array(letters[..<3]), "not the oldest")
            try require(try await bus.redrive(limit: 4) == 4, "not four were redriven")
            try require(try await bus.letters(limit: 100) == Array(letters[4...]), "the wrong ones are left")
            let member = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 4)
            try require(reading.deliveries.map(\.message) == letters[..<4].map(\.message), "others were redriven")
            try require(try await bus.redrive(limit: 100) == 6, "not six were redriven")
            try require(try await bus.redrive(limit: 100) == 0, "some were redriven twice")
            try require(try await bus.letters(limit: 100).isEmpty, "some are left")
        },
        BusRule("A message that nobody can read comes as it is, and the lane goes on") { bus, _ in
            let message = BusMessage(key: "k", headers: [.init("x", "1"), .init("x", "")], data: [0, 255, 10])
            try await bus.bury([DeadLetter(topic: .orders, message: message, group: "mail", reason: "?")])
            try require(try await bus.redrive(limit: 1) == 1, "it wasn't redriven")
            try await bus.publish(events(1))
            let member = try await bus.join("g", topics: [.orders])
            var reading = Reading()
            try await reading.go(member, until: 2)
            try require(reading.deliveries.contains { $0.message == message }, "it has changed")
            let readable = reading.deliveries.count { (try? CloudEvent($0.message)) != nil }
            try require(readable == 1, "\(readable) are readable")
        },
    ]
}
