import OnsaleBus
import OnsaleValues
import Seeded
import Testing

@testable import OnsaleSettlement

/// Random histories, told to the book in any order and any number of times, against a model that knows them whole.
@Suite struct BookModelTests {
    @Test("Whatever comes, however often and in whatever order, the book is the model's", arguments: 1...150)
    func histories(seed: UInt64) throws {
        var random = SeededRandom(seed: seed)
        let fees = try modelFees()
        let history = told(&random, orders: 12)
        var told = history
        for _ in 0..<history.count { if let one = history.randomElement(using: &random) { told.append(one) } }
        if seed % 3 > 0 { told.shuffle(using: &random) }
        var book = Book()
        var posted = 0
        for one in told {
            guard let posting = try book.take(one.event, one.message, fees: fees, offset: seoul) else { continue }
            posted += 1
            #expect(posting.entries.reduce(0) { $0 + $1.amount } == 0)
            #expect(try book.balances().values.reduce(0, +) == 0, "seed \(seed)")
        }
        #expect(posted == history.count)
        let model = try bookModel(history, fees)
        for page in Set(model.keys).union(book.pages.keys) {
            for account in Account.allCases {
                let amount = try book.pages[page]?.total(of: account) ?? 0
                #expect(amount == model[page]?[account] ?? 0, "seed \(seed), \(page), \(account)")
            }
            for purpose in Purpose.allCases {
                let sum = Account.allCases.reduce(0) { $0 + (book.pages[page]?[purpose, $1] ?? 0) }
                #expect(sum == 0, "seed \(seed), \(page), \(purpose)")
            }
        }
        // What is expected of the provider is what its account has.
        let expected = book.orders.values.flatMap(\.movements).reduce(0) { $0 + $1.amount }
        #expect(try book.balance(.provider) == expected)
    }
}
