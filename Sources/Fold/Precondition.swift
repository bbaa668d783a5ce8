/// What a sender demands of the state when its change's turn comes; else the change is rejected.
package enum Precondition: Hashable, Sendable {
    case none
    /// `If-Match: "<version>"`.
    case version(VersionToken)
    /// `If-Match: *`: something must have been applied before.
    case somethingApplied
    /// `If-None-Match: *`: nothing must have been applied before.
    case nothingApplied
}

extension Precondition: CustomStringConvertible {
    /// `-`, `*`, `0` or a version: the form that digests are made of.
    package var description: String {
        switch self {
        case .none: "-"
        case .somethingApplied: "*"
        case .nothingApplied: "0"
        case .version(let version): version.description
        }
    }
}

/// A precondition as its log entry keeps it, free of epochs.
///
/// A life change of Redis gives an application another epoch but leaves the head of its log as it was. Were the epoch still in the
/// entry, a fold that starts again would reject what an earlier fold has applied. So the append script, which knows the epoch,
/// settles that half of the question once: a version of the present epoch becomes its number, one of another epoch never holds.
package enum FoldCondition: Hashable, Sendable {
    case none
    case somethingApplied
    case version(number: UInt64)
    case never

    package func holds(atVersion number: UInt64) -> Bool {
        switch self {
        case .none: true
        case .somethingApplied: number > 0
        case .version(let wanted): wanted == number
        case .never: false
        }
    }
}

extension FoldCondition: LosslessStringConvertible {
    /// `-`, `*`, `=<number>` or `!`.
    package var description: String {
        switch self {
        case .none: "-"
        case .somethingApplied: "*"
        case .version(let number): "=\(number)"
        case .never: "!"
        }
    }

    package init?(_ text: String) { self.init(Array(text.utf8).span) }

    init?(_ bytes: Span<UInt8>) {
        guard !bytes.isEmpty else { return nil }
        switch (bytes[0], bytes.count) {
        case (UInt8(ascii: "-"), 1): self = .none
        case (UInt8(ascii: "*"), 1): self = .somethingApplied
        case (UInt8(ascii: "!"), 1): self = .never
        case (UInt8(ascii: "="), _):
            guard let number = canonicalNumber(bytes.extracting(1...)) else { return nil }
            self = .version(number: number)
        case (_, _): return nil
        }
    }

    /// What the append script writes as long as the version's epoch is the application's; `epoch` is what it compares.
    package static func resolving(_ precondition: Precondition) -> (condition: FoldCondition, epoch: Epoch?) {
        switch precondition {
        case .none: (.none, nil)
        case .somethingApplied: (.somethingApplied, nil)
        case .nothingApplied: (.version(number: 0), nil)
        case .version(let version): (.version(number: version.number), version.epoch)
        }
    }
}
