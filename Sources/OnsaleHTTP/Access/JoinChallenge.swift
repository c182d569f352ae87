import Crypto
import HTTPTypes
import Hummingbird
import OnsaleValues

/// A proof of work on joining, against crowds that cost nothing: off unless `ONSALE_JOIN_CHALLENGE` sets its bits.
///
/// Whoever joins sends `Onsale-Proof: N` such that SHA-256 of `onsale-join:EVENT:BUYER:N` begins with so many zero bits.
/// It is bound to event and buyer, so a proof is of use to nobody else, and the server keeps nothing. 20 bits are about
/// a second of a telephone's time.
struct JoinChallenge: Sendable {
    static let bitsMax = 32

    let bits: Int

    /// - Returns: nil where no challenge is set.
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
            "Find a number such that SHA-256 of “\(prefix)” and the number begins with \(bits) zero bits, and send it as "
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
