package import Foundation

extension URL {
    /// Whether the port can be one. The HTTP client ends the process over a number that can't, beside an IP address.
    package var hasUsablePort: Bool { port.map { (1...65_535).contains($0) } ?? true }
}
