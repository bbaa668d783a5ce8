// Whom or what a limit is about, as nothing but a number.

/// The hash of a name, keyed anew with each process, so that nobody can choose a name that meets another's place.
package struct RateKey: Hashable, Sendable {
    let hash: UInt64

    package init(_ name: some Hashable) {
        var hasher = Hasher()
        name.hash(into: &hasher)
        hash = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// - Parameter name: Bytes.
    package init(_ name: Span<UInt8>) {
        var hasher = Hasher()
        unsafe name.withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        hash = UInt64(bitPattern: Int64(hasher.finalize()))
    }

    /// What the one does with the other.
    package init(_ one: RateKey, with other: RateKey) {
        var hasher = Hasher()
        hasher.combine(one.hash)
        hasher.combine(other.hash)
        hash = UInt64(bitPattern: Int64(hasher.finalize()))
    }
}
