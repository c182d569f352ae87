/// Stores seating plans and other documents that facts refer to by their SHA-256.
public protocol DocumentStore: Sendable {
    /// Stores a document durably under `digest`, its SHA-256. Storing the same one again does nothing.
    /// - Throws: ``JournalError``.
    func putDocument(_ bytes: [UInt8], digest: [UInt8]) throws

    /// The document with that SHA-256; nil if there is none.
    /// - Throws: ``JournalError``.
    func document(digest: [UInt8]) throws -> [UInt8]?
}
