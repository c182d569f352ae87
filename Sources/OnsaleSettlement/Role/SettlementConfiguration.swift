package import OnsaleValues

/// How the role works.
package struct SettlementConfiguration: Sendable {
    /// What organizers are charged from now on; what is booked stays.
    package var fees: FeeSchedule
    package var offset: ZoneOffset
    /// How long provider or bus may be behind before something counts as missing, in days.
    package var pendingDays: Int
    /// How many days the role itself compares after each reading, today included.
    package var comparedDays: Int
    /// How often the provider's list is read.
    package var readEverySeconds: Int
    /// How late the provider may list something.
    package var overlapSeconds: Int
    /// How long a reading of a process that died waits for another one.
    package var leaseSeconds: Int
    package var now: @Sendable () -> Timestamp

    package init(
        fees: FeeSchedule, offset: @escaping ZoneOffset, pendingDays: Int = 3, comparedDays: Int = 14,
        readEverySeconds: Int = 600, overlapSeconds: Int = 86_400, leaseSeconds: Int = 120,
        now: @escaping @Sendable () -> Timestamp
    ) {
        precondition(
            pendingDays >= 0 && comparedDays > 0 && readEverySeconds > 0 && overlapSeconds >= 0 && leaseSeconds > 0,
            "a reading has its time")
        self.fees = fees
        self.offset = offset
        self.pendingDays = pendingDays
        self.comparedDays = comparedDays
        self.readEverySeconds = readEverySeconds
        self.overlapSeconds = overlapSeconds
        self.leaseSeconds = leaseSeconds
        self.now = now
    }
}
