/// A name compared byte by byte.
///
/// `String` compares by canonical equivalence (Unicode, chapter 3.12). Its cost grows with the square of a run of
/// combining marks, so a few kilobytes of hostile input would take a second.
public struct Name: Hashable, Sendable {
    private let text: String

    public init(_ text: String) {
        self.text = text
    }

    public static func == (left: Name, right: Name) -> Bool {
        left.text.utf8.count == right.text.utf8.count && left.text.utf8.elementsEqual(right.text.utf8)
    }

    public func hash(into hasher: inout Hasher) {
        let isHashed: Void? = text.utf8.withContiguousStorageIfAvailable { bytes in
            hasher.combine(bytes: UnsafeRawBufferPointer(bytes))
        }
        if isHashed == nil { for byte in text.utf8 { hasher.combine(byte) } }
        hasher.combine(text.utf8.count)
    }
}
