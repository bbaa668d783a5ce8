// The checksum of an encoding that is made anew again and again with small changes. It is kept by stretches of one or two KB; stretches
// that were copied keep theirs, wherever they have moved to, and only the others are read. Putting them all together
// takes one multiplication each: together a small part of what copying the bytes takes.

package import Documents

package struct StretchedChecksum: Sendable {
    private struct Stretch {
        /// Bytes from the start of the encoding.
        var end: Int
        var checksum: Checksum
    }

    /// Bytes. A change costs reading about one stretch, every stretch costs one product.
    private static let usual = 1_024
    /// Bytes. What is shorter is read together with its neighbour, so that stretches stay few.
    private static let shortest = 512

    /// Behind each other, without gaps. Never longer than twice `usual`.
    private var stretches: [Stretch] = []
    package private(set) var whole = Checksum()

    private var count: Int { stretches.last?.end ?? 0 }

    /// Bytes that were read, in all: for tests.
    private(set) var bytesRead = 0

    package init() {}

    /// Takes over an encoding that has `kept` in common with the last one that was taken over.
    package mutating func update(_ bytes: UnsafeRawBufferPointer, keeping kept: [KeptRun]) {
        if kept.count == 1, kept[0] == KeptRun(from: 0, to: 0, count: bytes.count), bytes.count == count { return }
        let old = stretches
        stretches = []
        stretches.reserveCapacity(bytes.count / Self.usual + 1)
        for run in kept { unsafe keep(run, of: old, bytes) }
        unsafe read(bytes, to: bytes.count)
        whole = Checksum()
        var start = 0
        for stretch in stretches {
            whole.append(stretch.checksum, count: stretch.end - start)
            start = stretch.end
        }
    }

    /// Takes over the old stretches that lie in a run as a whole.
    private mutating func keep(_ run: KeptRun, of old: [Stretch], _ bytes: UnsafeRawBufferPointer) {
        let distance = run.to - run.from
        var index = Self.firstStart(notBefore: run.from, in: old)
        // What would be read in front of the first one is nothing, or enough for a stretch.
        func isGapTooShort(_ start: Int) -> Bool { (1..<Self.shortest).contains(start + distance - count) }
        while index < old.count, isGapTooShort(index == 0 ? 0 : old[index - 1].end) { index += 1 }
        guard index < old.count, old[index].end <= run.from + run.count else { return }
        unsafe read(bytes, to: (index == 0 ? 0 : old[index - 1].end) + distance)
        while index < old.count, old[index].end <= run.from + run.count {
            stretches.append(Stretch(end: old[index].end + distance, checksum: old[index].checksum))
            index += 1
        }
    }

    private static func firstStart(notBefore offset: Int, in stretches: [Stretch]) -> Int {
        guard offset > 0 else { return 0 }
        var low = 0
        var high = stretches.count
        while low < high {
            let middle = (low + high) / 2
            if stretches[middle].end < offset { low = middle + 1 } else { high = middle }
        }
        return low + 1
    }

    /// Makes stretches of the bytes from where the present ones end.
    private mutating func read(_ bytes: UnsafeRawBufferPointer, to end: Int) {
        let length = end - count
        guard length > 0 else { return }
        bytesRead += length
        let start = count
        let parts = max(1, length / Self.usual)
        for part in 1...parts {
            let partEnd = start + length * part / parts
            let checksum = unsafe Checksum(UnsafeRawBufferPointer(rebasing: bytes[count..<partEnd]))
            stretches.append(Stretch(end: partEnd, checksum: checksum))
        }
    }
}
