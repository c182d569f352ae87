/// Bounds on everything that Redis, or its absence, could make large or long.
package struct RedisLimits: Sendable {
    /// How many commands may wait or be under way; further ones fail at once.
    package var commandsMax = 10_000
    /// How many bytes they may have together.
    package var queueBytesMax = 64 << 20
    /// After so long a command fails with ``RedisFailure/late``.
    package var deadlineMilliseconds: Int64 = 500
    /// Without any answer for so long, though one is due, the connection is replaced.
    package var silenceMilliseconds: Int64 = 1_000
    /// A connection that has heard nothing for so long asks for a sign of life.
    package var heartbeatMilliseconds: Int64 = 1_000
    /// How long a connection with all its greetings may take.
    package var connectMilliseconds: Int64 = 2_000
    /// The pause before the first attempt to connect again, doubled with each further one; a random part is taken off.
    package var pauseMilliseconds: Int64 = 50
    package var pauseMillisecondsMax: Int64 = 2_000
    /// How often Sentinels are asked whether the master has moved.
    package var sentinelMilliseconds: Int64 = 2_000
    package var keyBytesMax = 512
    package var valueBytesMax = 2 << 20
    package var keysMax = 1_000
    /// The most bytes of one answer, and of what is kept of an unfinished one.
    package var replyBytesMax = 64 << 20
    /// The most values in one answer, arrays counted by what they announce.
    package var replyValuesMax = 65_536
    /// How many channels and patterns a subscription may have.
    package var channelsMax = 10_000

    package init() {}
}
