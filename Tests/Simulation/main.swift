import Foundation

// Runs seeds one after another and tells of those that find something: simulate FIRST COUNT
let arguments = CommandLine.arguments.dropFirst().compactMap { UInt64($0) }
let first = arguments.first ?? 1
let count = arguments.dropFirst().first ?? 100
var failed = 0
var totals = World.Figures()
for seed in first..<first + count {
    let world = World(seed: seed)
    try await world.run()
    totals.orders += world.figures.orders
    totals.paid += world.figures.paid
    totals.parts += world.figures.parts
    totals.epochs += world.figures.epochs
    totals.moves = max(totals.moves, world.figures.moves)
    totals.heard += world.figures.heard
    totals.recovery = max(totals.recovery, world.figures.recovery)
    guard !world.findings.isEmpty else { continue }
    failed += 1
    print("seed \(seed): \(world.findings.prefix(6).joined(separator: "; "))")
    if failed >= 20 { break }
}
print(
    "\(count) seeds from \(first): \(failed) failed; \(totals.orders) orders, \(totals.paid) paid, \(totals.parts) of them given back in part, \(totals.epochs) epochs (an event moved \(totals.moves) times at most), slowest recovery \(totals.recovery) ms, \(totals.heard) rows heard"
)
exit(failed == 0 ? 0 : 1)
