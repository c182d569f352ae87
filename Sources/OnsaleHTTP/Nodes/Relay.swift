import HTTPTypes
import Hummingbird

/// What a node says of a request that it passes on, once it has proved that it is one.
///
/// That node has checked who asks and counted how often: here the client isn't counted again.
struct Relay: Sendable {
    /// How many nodes have passed it on, this far.
    let hops: Int
    /// The client; nil if its address could not be read.
    let client: IPAddress?
    /// Where only what this node owns is wanted: the events of which the other node wants to know whether they are.
    let ownPart: [String]?

    /// How long a list of events may be, in bytes.
    static let partBytesMax = 8192

    /// A request that was passed on so often goes no further: two nodes would send it to and fro.
    static let hopsMax = 2

    /// Takes what nodes say out of a request.
    /// - Returns: nil if no node says it.
    static func take(from request: inout Request, secret: NodeSecret) -> Relay? {
        let fields = request.headers
        guard HTTPField.Name.betweenNodes.contains(where: { fields.contains($0) }) else { return nil }
        var head = request.head
        for name in HTTPField.Name.betweenNodes { head.headerFields[name] = nil }
        request = Request(head: head, body: request.body)
        guard let shown = fields.plain(.onsaleNodeSecret), secret.fits(shown) else { return nil }
        return Relay(
            // A node always says how many; whatever else it is goes no further.
            hops: fields.plain(.onsaleHops, bytesMax: 2).flatMap { Int($0) }.map { max(1, $0) } ?? hopsMax,
            client: fields.plain(.forwardedFor).flatMap { IPAddress($0) },
            ownPart: fields.plain(.onsalePart, bytesMax: partBytesMax).flatMap(ownPart))
    }

    private static func ownPart(_ text: String) -> [String]? {
        let words = text.split(separator: " ")
        return words.first == "own" ? words.dropFirst().map(String.init) : nil
    }
}
