import CZlib
import NIOCore

/// Compression for bodies that are sent often and change rarely.
enum Gzip {
    /// - Returns: nil if the result would not be smaller.
    static func compress(_ bytes: ByteBuffer, level: Int32 = 9) -> ByteBuffer? {
        guard bytes.readableBytes > 0 else { return nil }
        var stream = z_stream()
        guard onsale_gzip_init(&stream, level) == Z_OK else { return nil }
        defer { deflateEnd(&stream) }
        let capacity = Int(deflateBound(&stream, UInt(bytes.readableBytes)))
        var output = ByteBufferAllocator().buffer(capacity: capacity)
        var isWhole = false
        bytes.withUnsafeReadableBytes { input in
            _ = output.writeWithUnsafeMutableBytes(minimumWritableBytes: capacity) { room in
                // zlib only reads from its input.
                stream.next_in = UnsafeMutablePointer(mutating: input.bindMemory(to: UInt8.self).baseAddress)
                stream.avail_in = UInt32(input.count)
                stream.next_out = room.bindMemory(to: UInt8.self).baseAddress
                stream.avail_out = UInt32(capacity)
                isWhole = deflate(&stream, Z_FINISH) == Z_STREAM_END
                return capacity - Int(stream.avail_out)
            }
        }
        return isWhole && output.readableBytes < bytes.readableBytes ? output : nil
    }
}
