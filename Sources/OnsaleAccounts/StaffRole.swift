/// What an account is for. Each of the first three may do all that those before it may.
package enum StaffRole: String, CaseIterable, Sendable {
    /// Sees everything, and changes nothing.
    case viewer
    /// Gives money back, keeps seats back, pauses the sale, lets people in.
    case boxOffice = "box-office"
    /// Everything.
    case owner
    /// Lets people in, and does nothing else.
    case door

    /// Whether this role may do what asks for another one.
    package func includes(_ other: StaffRole) -> Bool {
        switch (self, other) {
        case (.owner, _), (.boxOffice, .viewer), (.boxOffice, .boxOffice), (.boxOffice, .door), (.viewer, .viewer),
            (.door, .door):
            true
        default: false
        }
    }
}
