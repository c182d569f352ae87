/// Checks the published draw: committed to in the lobby, revealed at the opening, unchanged ever after.
struct DrawWitness: Sendable {
    /// How long after the lobby opens a cached answer may still lack the commitment, in seconds.
    private static let commitmentSecondsMax = 3.0

    private var lobbySince: Double?
    private var commitment: String?
    private var seed: String?
    private var lobbySize: Int?
    private var lacksCommitment = false
    private var wasRevealedEarly = false
    /// The numbers, once the seed is known.
    private(set) var draw: PublishedDraw?

    /// A message from the room, almost in the order of their making.
    ///
    /// - Returns: the faults found.
    mutating func heard(_ room: WaitingRoom, at moment: Double) -> [String] {
        var faults: [String] = []
        if room.phase == "lobby" {
            let since = lobbySince ?? moment
            lobbySince = since
            let isLate = moment > since + DrawWitness.commitmentSecondsMax
            if isLate, commitment == nil, room.drawCommitment == nil, !lacksCommitment {
                lacksCommitment = true
                faults.append("the lobby is open, but no commitment to a seed is published")
            }
            if room.drawSeed != nil, !wasRevealedEarly {
                wasRevealedEarly = true
                faults.append("the seed of the draw was revealed in the lobby")
            }
        }
        if let told = room.drawCommitment?.lowercased() {
            if let commitment, commitment != told { faults.append("the commitment changed to \(told)") }
            commitment = told
        }
        guard let told = room.drawSeed?.lowercased(), let size = room.lobbySize else { return faults }
        guard told != seed || size != lobbySize else { return faults }
        if seed != nil { faults.append("the draw changed to seed \(told) and a lobby of \(size)") }
        seed = told
        lobbySize = size
        draw = PublishedDraw(seedHex: told, entrants: size)
        if draw == nil { faults.append("the draw's seed or lobby size is impossible: \(told), \(size)") }
        // Without a lobby there was nothing to commit to.
        if let commitment, PublishedDraw.commitment(toSeedHex: told) != commitment {
            faults.append("the seed \(told) is not the one committed to")
        }
        return faults
    }
}
