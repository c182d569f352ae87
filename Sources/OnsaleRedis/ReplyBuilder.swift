import CHiredis

/// Makes replies from what hiredis reads, within the limits: hiredis itself bounds only the depth, and would allocate
/// whatever an array announces.
///
/// A class because hiredis calls it through a pointer. Values come depth first, so unfinished arrays are a stack.
final class ReplyBuilder {
    private struct Frame {
        let count: Int
        var items: [RedisReply] = []
    }

    private let limits: RedisLimits
    private let functions = UnsafeMutablePointer<redisReplyObjectFunctions>.allocate(capacity: 1)
    private var frames: [Frame] = []
    private var finished: RedisReply?
    private var values = 0
    private var bytes = 0
    /// The limit that the last answer was beyond.
    private(set) var exceeded: String?

    init(_ limits: RedisLimits) {
        self.limits = limits
        functions.initialize(to: ReplyBuilder.callbacks)
        onsale_refuse_resp3(functions)
    }

    deinit { functions.deallocate() }

    /// A reader that builds here. It must be freed before this is.
    func makeReader() -> UnsafeMutablePointer<redisReader>? {
        let reader = redisReaderCreateWithFunctions(functions)
        reader?.pointee.privdata = Unmanaged.passUnretained(self).toOpaque()
        return reader
    }

    /// The answer that hiredis says is complete.
    func take() -> RedisReply? {
        defer { reset() }
        return finished
    }

    private func reset() {
        frames.removeAll()
        finished = nil
        values = 0
        bytes = 0
    }

    private func count(values more: Int, bytes size: Int) -> Bool {
        values += more
        bytes += size
        if values > limits.replyValuesMax { exceeded = "an answer of too many values" }
        if bytes > limits.replyBytesMax { exceeded = "an answer of too many bytes" }
        return exceeded == nil
    }

    private func add(_ value: RedisReply) {
        var value = value
        while var frame = frames.popLast() {
            frame.items.append(value)
            guard frame.items.count == frame.count else {
                frames.append(frame)
                return
            }
            value = .array(frame.items)
        }
        finished = value
    }

    private func begin(_ count: Int) {
        if count > 0 { frames.append(Frame(count: count)) } else { add(.array([])) }
    }

    /// Each returns what hiredis takes for the object, and only passes on: the builder itself, or nil to end it all.
    private static let callbacks: redisReplyObjectFunctions = {
        var functions = redisReplyObjectFunctions()
        functions.createString = { task, text, length in
            ReplyBuilder.with(task) { builder, type in
                guard builder.count(values: 1, bytes: length) else { return false }
                let bytes = UnsafeRawBufferPointer(start: text, count: length)
                switch type {
                case REDIS_REPLY_STATUS: builder.add(.status(String(decoding: bytes, as: UTF8.self)))
                case REDIS_REPLY_ERROR: builder.add(.error(.refusal(Array(bytes.prefix(1_024)))))
                default: builder.add(.bytes(Array(bytes)))
                }
                return true
            }
        }
        functions.createArray = { task, count in
            ReplyBuilder.with(task) { builder, _ in
                guard builder.count(values: 1 + Int(count), bytes: 0) else { return false }
                builder.begin(Int(count))
                return true
            }
        }
        functions.createInteger = { task, value in
            ReplyBuilder.with(task) { builder, _ in
                guard builder.count(values: 1, bytes: 8) else { return false }
                builder.add(.integer(value))
                return true
            }
        }
        functions.createNil = { task in
            ReplyBuilder.with(task) { builder, _ in
                guard builder.count(values: 1, bytes: 0) else { return false }
                builder.add(.none)
                return true
            }
        }
        functions.freeObject = { object in
            guard let object else { return }
            Unmanaged<ReplyBuilder>.fromOpaque(object).takeUnretainedValue().reset()
        }
        return functions
    }()

    private static func with(
        _ task: UnsafePointer<redisReadTask>?, _ body: (ReplyBuilder, Int32) -> Bool
    ) -> UnsafeMutableRawPointer? {
        guard let task, let object = task.pointee.privdata else { return nil }
        let builder = Unmanaged<ReplyBuilder>.fromOpaque(object).takeUnretainedValue()
        return body(builder, task.pointee.type) ? object : nil
    }
}
