import OnsaleValues

@testable import OnsaleWaitingRoom

extension Line {
    /// The outcome of a command.
    mutating func ask<Command: LineCommand>(
        _ command: Command, at now: Timestamp, placesLeft: Int, facts: inout [LineFact]
    ) -> Result<Command.Answer, LineRefusal> {
        do throws(LineRefusal) {
            return .success(try apply(command, now: now, placesLeft: placesLeft, facts: &facts))
        } catch {
            return .failure(error)
        }
    }
}
