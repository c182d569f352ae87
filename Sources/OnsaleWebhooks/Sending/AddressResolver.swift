/// Looks up the addresses of a host.
package protocol AddressResolver: Sendable {
    /// All its addresses, in the order in which to try them; empty if there are none or nobody knows.
    func addresses(of host: String) async -> [IPAddress]
}
