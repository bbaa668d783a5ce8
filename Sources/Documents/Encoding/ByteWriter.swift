// The one place that writes through a pointer. Every size is known before a byte is written, so the output is
// allocated once; every write is checked against its end all the same.

/// Writes bytes one after the other into memory that was allocated for them.
///
/// `@safe`: it exists only inside of `array`, which lends it without letting it be copied, and checks every range.
@safe struct ByteWriter: ~Copyable {
    /// Short texts are stored as two whole words, which may touch this many bytes behind them.
    static let slack = 16

    private let start: UnsafeMutableRawPointer
    private let capacity: Int
    private(set) var count = 0
    /// What was written last time, to copy unchanged stretches from.
    private let baseline: UnsafeRawBufferPointer
    /// The longer stretches that were copied, in order; places in both arrays from their beginnings.
    private(set) var kept: [KeptRun] = []

    private init(start: UnsafeMutableRawPointer, capacity: Int, baseline: UnsafeRawBufferPointer) {
        unsafe self.start = unsafe start
        self.capacity = capacity
        unsafe self.baseline = unsafe baseline
    }

    /// An array of the bytes that `body` writes, at most `capacity` of them.
    static func array(
        capacity: Int, baseline: [UInt8] = [], _ body: (inout ByteWriter) -> Void
    ) -> [UInt8] {
        unsafe baseline.withUnsafeBytes { baseline in
            unsafe [UInt8](unsafeUninitializedCapacity: capacity + slack) { buffer, initializedCount in
                guard let start = UnsafeMutableRawPointer(buffer.baseAddress) else { return }
                var writer = unsafe ByteWriter(start: start, capacity: capacity, baseline: baseline)
                body(&writer)
                initializedCount = writer.count
            }
        }
    }

    /// Makes sure that `more` bytes fit. They always do, unless the kept byte counts are wrong, and then
    /// stopping is better than writing over somebody else's memory.
    @inline(__always)
    private func check(_ more: Int) {
        precondition(count + more <= capacity, "the encoding is longer than its counted size")
    }

    @inline(__always)
    mutating func write(_ byte: UInt8) {
        check(1)
        unsafe start.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
        count += 1
    }

    /// Copies a stretch of the baseline.
    mutating func copy(_ range: Range<Int>) {
        check(range.count)
        unsafe precondition(
            range.lowerBound >= 0 && range.upperBound <= baseline.count, "a place outside of the last encoding")
        guard !range.isEmpty, let source = unsafe baseline.baseAddress else { return }
        unsafe (start + count).copyMemory(from: source + range.lowerBound, byteCount: range.count)
        if range.count >= KeptRun.shortest {
            kept.append(KeptRun(from: range.lowerBound, to: count, count: range.count))
        }
        count += range.count
    }

    @inline(__always)
    mutating func write(_ text: Text) {
        switch text {
        case .inline(let text):
            check(Int(text.count))
            unsafe start.storeBytes(of: text.head.bigEndian, toByteOffset: count, as: UInt64.self)
            unsafe start.storeBytes(of: text.tail.bigEndian, toByteOffset: count + 8, as: UInt64.self)
            count += Int(text.count)
        case .heap(let bytes):
            write(bytes)
        }
    }

    mutating func write(_ bytes: [UInt8]) {
        check(bytes.count)
        unsafe bytes.withUnsafeBytes { source in
            guard let address = source.baseAddress else { return }
            unsafe (start + count).copyMemory(from: address, byteCount: source.count)
        }
        count += bytes.count
    }

    @inline(__always)
    mutating func write(_ string: StaticString) {
        check(string.utf8CodeUnitCount)
        unsafe (start + count).copyMemory(from: string.utf8Start, byteCount: string.utf8CodeUnitCount)
        count += string.utf8CodeUnitCount
    }
}
