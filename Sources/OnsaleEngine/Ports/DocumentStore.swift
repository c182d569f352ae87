/// Seating plans, and whatever else a fact names by its content.
public protocol DocumentStore: Sendable {
    /// Keeps a document under its SHA-256, durably. Keeping one twice is fine.
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws

    /// The document with that SHA-256.
    func document(digest: [UInt8]) throws -> [UInt8]?
}
