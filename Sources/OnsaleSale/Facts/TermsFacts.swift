public import OnsaleValues

extension SaleFact {
    /// The organizer has changed prices or limits. They are for the holds that follow, and whole.
    public struct TermsChanged: SaleFactBody {
        public static let tag: UInt8 = 27
        public let terms: SaleTerms

        public var fact: SaleFact { .termsChanged(self) }
    }
}

extension SaleFact.TermsChanged {
    public init(from reader: inout ByteReader) throws(ByteReadingError) {
        terms = try reader.terms()
    }

    public func encode(into writer: inout ByteWriter) {
        writer.write(terms: terms)
    }

    public func evolve(_ sale: inout Sale, at now: Timestamp) throws(ContradictoryFact) {
        guard terms.prices.count == sale.plan.categories.count else {
            throw ContradictoryFact("\(terms.prices.count) prices for \(sale.plan.categories.count) categories")
        }
        if terms.holdSeconds != sale.terms.current.holdSeconds { sale.takeHoldsOutOfTurn() }
        sale.terms.change(to: terms, from: sale.lastHold + 1)
    }
}

extension ByteWriter {
    mutating func write(terms: SaleTerms) {
        write(count: terms.prices.count)
        for price in terms.prices { write(signed: price) }
        write(count: terms.ticketsPerBuyer)
        write(count: terms.holdSeconds)
        write(flag: terms.preventOrphans)
    }
}

extension ByteReader {
    mutating func terms() throws(ByteReadingError) -> SaleTerms {
        SaleTerms(
            prices: try list { (reader: inout ByteReader) throws(ByteReadingError) in try reader.signed() },
            ticketsPerBuyer: try number(), holdSeconds: try number(), preventOrphans: try flag())
    }
}
