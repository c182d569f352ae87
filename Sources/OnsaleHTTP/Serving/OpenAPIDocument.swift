import Foundation
import NIOCore

/// The contract as OpenAPI 3.1, as it lies beside the code.
enum OpenAPIDocument {
    static let bytes: ByteBuffer = {
        guard let url = BundledFile.url("openapi.json", of: "OnsaleHTTP"),
            let content = try? Data(contentsOf: url)
        else { return ByteBuffer(string: "{}") }
        return ByteBuffer(bytes: content)
    }()
}
