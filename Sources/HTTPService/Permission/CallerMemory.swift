// Tokens that were found good, with whom they belong to: to verify a signature takes a hundred times as long as a poll.
//
// A token is found by the keyed hash of its bytes and then compared. Whoever does not know the key of the hash, made anew with
// each process, cannot choose a token that meets another's place, so how long a comparison takes tells nothing about tokens of
// others. Refused tokens are not remembered: there are more of them than memory. Bounded: when it is full, everything is
// forgotten and verified again.

import NIOCore

struct CallerMemory {
    private struct Entry {
        let token: [UInt8]
        let caller: Caller
    }

    private var entries: [Int: Entry] = [:]
    private var bytes = 0

    /// Bytes of tokens: some thousands of the usual length on each event loop.
    static let mostBytes = 4 << 20

    func find(_ token: Range<Int>, in bytes: Span<UInt8>, at now: NIODeadline) -> Caller? {
        guard let entry = entries[hash(of: token, in: bytes)], bytes.equals(entry.token, at: token),
            !entry.caller.isOver(at: now)
        else { return nil }
        return entry.caller
    }

    mutating func remember(_ token: Range<Int>, in source: Span<UInt8>, _ caller: Caller) {
        if bytes + token.count > Self.mostBytes { forget() }
        let entry = Entry(token: token.map { source[$0] }, caller: caller)
        bytes += token.count
        if let old = entries.updateValue(entry, forKey: hash(of: token, in: source)) { bytes -= old.token.count }
    }

    /// Forgets those that are over.
    mutating func tidy(_ now: NIODeadline) {
        guard entries.contains(where: { $0.value.caller.isOver(at: now) }) else { return }
        entries = entries.filter { !$0.value.caller.isOver(at: now) }
        bytes = entries.values.reduce(0) { $0 + $1.token.count }
    }

    private mutating func forget() {
        entries = [:]
        bytes = 0
    }

    private func hash(of token: Range<Int>, in bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe bytes.extracting(token).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }
}
