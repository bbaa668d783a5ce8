import CHiredis
import NIOCore

/// Bytes in, replies out: owns one `redisReader` of hiredis.
///
/// hiredis builds its replies through the four functions of `ReplyAssembly`, so that the bytes go from its buffer
/// straight into a `RESPValue`, without a tree of C structs in between. Once `next` has thrown, the reader is of no use
/// any more: close the connection.
@safe struct ReplyReader: ~Copyable {
    private let reader: UnsafeMutablePointer<redisReader>?
    private let functions: UnsafeMutablePointer<redisReplyObjectFunctions>
    /// hiredis holds it unretained as `privdata`; it lives as long as the reader does.
    private let assembly = ReplyAssembly()

    init() {
        unsafe functions = .allocate(capacity: 1)
        unsafe functions.initialize(to: ReplyAssembly.functions)
        unsafe reader = redisReaderCreateWithFunctions(functions)
        unsafe reader?.pointee.privdata = Unmanaged.passUnretained(assembly).toOpaque()
        // 0 keeps the buffer between replies; with the default of 16 KiB every larger reply would allocate it anew.
        unsafe reader?.pointee.maxbuf = 0
    }

    deinit {
        unsafe redisReaderFree(reader)
        unsafe functions.deallocate()
    }

    /// Takes over a copy of the bytes.
    mutating func feed(_ bytes: UnsafeRawBufferPointer) throws(ProtocolViolation) {
        guard let start = bytes.baseAddress else { return }
        let text = unsafe start.assumingMemoryBound(to: CChar.self)
        guard let reader = unsafe reader, unsafe redisReaderFeed(reader, text, bytes.count) == REDIS_OK else {
            throw violation
        }
    }

    mutating func feed(_ buffer: ByteBuffer) throws(ProtocolViolation) {
        let result: Result<Void, ProtocolViolation> = unsafe buffer.withUnsafeReadableBytes { bytes in
            do throws(ProtocolViolation) {
                return .success(unsafe try feed(bytes))
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    /// The next whole reply, or nil until more bytes have been fed.
    mutating func next() throws(ProtocolViolation) -> RESPValue? {
        var reply: UnsafeMutableRawPointer?
        guard let reader = unsafe reader, unsafe redisReaderGetReply(reader, &reply) == REDIS_OK else {
            throw violation
        }
        return unsafe reply == nil ? nil : assembly.take()
    }

    private var violation: ProtocolViolation {
        guard let reader = unsafe reader else { return ProtocolViolation(reason: "Out of memory") }
        let reason = unsafe withUnsafeBytes(of: reader.pointee.errstr) { bytes in
            unsafe String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
        }
        return ProtocolViolation(reason: reason)
    }
}

/// What came is not Redis' protocol, in hiredis' words.
struct ProtocolViolation: Error, Equatable {
    let reason: String
}

/// Puts one reply together, element by element, as hiredis reads it. Nesting is bounded by hiredis (7).
final class ReplyAssembly {
    private struct OpenArray {
        var missing: Int
        var elements: [RESPValue] = []
    }

    private var open: [OpenArray] = []
    private var finished: RESPValue?

    func take() -> RESPValue? {
        defer { finished = nil }
        return finished
    }

    private func add(_ value: RESPValue) {
        var value = value
        while let innermost = open.indices.last {
            open[innermost].elements.append(value)
            open[innermost].missing -= 1
            guard open[innermost].missing == 0 else { return }
            value = .array(open.removeLast().elements)
        }
        finished = value
    }

    private func addArray(count: Int) {
        guard count > 0 else { return add(.array([])) }
        open.append(OpenArray(missing: count))
    }

    private func addString(kind: Int32, bytes: UnsafeRawBufferPointer) {
        switch kind {
        case REDIS_REPLY_STATUS: add(.simpleString(unsafe String(decoding: bytes, as: UTF8.self)))
        case REDIS_REPLY_ERROR: add(.error(RedisErrorReply(message: unsafe String(decoding: bytes, as: UTF8.self))))
        default: add(.bulk(unsafe [UInt8](bytes)))
        }
    }

    /// hiredis asks for an object per element and only looks whether it is null. The objects are in here, so any other
    /// pointer does.
    private static var token: UnsafeMutableRawPointer? { unsafe UnsafeMutableRawPointer(bitPattern: 1) }

    private static func of(_ task: UnsafePointer<redisReadTask>?) -> ReplyAssembly? {
        guard let pointer = unsafe task?.pointee.privdata else { return nil }
        return unsafe Unmanaged<ReplyAssembly>.fromOpaque(pointer).takeUnretainedValue()
    }

    static var functions: redisReplyObjectFunctions {
        unsafe redisReplyObjectFunctions(
            createString: { task, text, count in
                guard let assembly = unsafe ReplyAssembly.of(task), let kind = unsafe task?.pointee.type else {
                    return nil
                }
                unsafe assembly.addString(kind: kind, bytes: UnsafeRawBufferPointer(start: text, count: count))
                return unsafe ReplyAssembly.token
            },
            createArray: { task, count in
                guard let assembly = unsafe ReplyAssembly.of(task) else { return nil }
                assembly.addArray(count: Int(count))
                return unsafe ReplyAssembly.token
            },
            createInteger: { task, integer in
                guard let assembly = unsafe ReplyAssembly.of(task) else { return nil }
                assembly.add(.integer(integer))
                return unsafe ReplyAssembly.token
            },
            createNil: { task in
                guard let assembly = unsafe ReplyAssembly.of(task) else { return nil }
                assembly.add(.null)
                return unsafe ReplyAssembly.token
            },
            freeObject: nil)
    }
}
