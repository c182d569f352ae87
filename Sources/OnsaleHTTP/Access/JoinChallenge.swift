import Crypto
import HTTPTypes
import Hummingbird
import OnsaleValues

/// A proof of work for joining, to make crowds of bots cost something. Off unless `ONSALE_JOIN_CHALLENGE` sets its
/// bits.
///
/// To join, a client sends `Onsale-Proof: N` where SHA-256 of `onsale-join:EVENT:BUYER:N` begins with `bits` zero bits.
/// The proof is bound to event and buyer, so nobody else can use it and the server stores nothing. 20 bits take a phone
/// about a second.
struct JoinChallenge: Sendable {
    static let bitsMax = 32

    let bits: Int

    /// - Returns: nil if no challenge is set.
    init?(bits: Int) {
        guard bits > 0 else { return nil }
        self.bits = min(bits, JoinChallenge.bitsMax)
    }

    func require(_ request: Request, buyer: BuyerID, event: String) throws(Problem) {
        let prefix = "onsale-join:\(event):\(buyer.text):"
        if let proof = request.headers[.onsaleProof], proof.utf8.count <= 32,
            JoinChallenge.zeroBits(prefix + proof) >= bits
        {
            return
        }
        let bits = bits
        throw Problem(
            .challengeRequired,
            "Find a number for which SHA-256 of “\(prefix)” followed by it begins with \(bits) zero bits. Send it as "
                + "Onsale-Proof."
        ) { writer in
            writer.member("prefix", prefix)
            writer.member("bits", bits)
        }
    }

    static func zeroBits(_ text: String) -> Int {
        var count = 0
        for byte in SHA256.hash(data: Array(text.utf8)) {
            count += byte.leadingZeroBitCount
            if byte != 0 { break }
        }
        return count
    }
}
