import CZlib

/// Compresses, with its memory kept from one time to the next. One thread at a time.
final class Deflater {
    private let stream: UnsafeMutablePointer<z_stream>

    /// - Parameter level: from 1, fast, to 9, small.
    init(level: Int32) {
        stream = .allocate(capacity: 1)
        stream.initialize(to: z_stream())
        let status = deflateInit_(stream, level, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib is another one than was compiled against, or there is no memory")
    }

    deinit {
        deflateEnd(stream)
        stream.deallocate()
    }

    /// The bytes by RFC 1950.
    func deflate(_ bytes: [UInt8]) -> [UInt8] {
        deflateReset(stream)
        var bytes = bytes
        let room = Int(deflateBound(stream, uLong(bytes.count)))
        return bytes.withUnsafeMutableBufferPointer { input in
            [UInt8](unsafeUninitializedCapacity: room) { output, count in
                stream.pointee.next_in = input.baseAddress
                stream.pointee.avail_in = uInt(input.count)
                stream.pointee.next_out = output.baseAddress
                stream.pointee.avail_out = uInt(room)
                let status = CZlib.deflate(stream, Z_FINISH)
                precondition(status == Z_STREAM_END, "what is compressed fits into its bound")
                count = room - Int(stream.pointee.avail_out)
            }
        }
    }
}
