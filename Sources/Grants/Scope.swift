// One thing that a token allows, as it stands in a token: `poll:alice.*`, `push:board#/players/alice`, `metrics`.
//
//     scope = "metrics" | kind ":" pattern [ "#" path ]      kind = "push" | "poll" | "operate" | "admin"
//
// The path is a JSON Pointer in the form for URI fragments (RFC 6901 §6): what is no character of a scope (RFC 6749 §3.3) stands
// percent-encoded. Several scopes are divided by spaces.

package import Documents

package struct ScopeError: Error, Equatable, Sendable, CustomStringConvertible {
    package let description: String

    package init(_ description: String) { self.description = description }
}

package struct Scope: Hashable, Sendable {
    package enum Kind: String, CaseIterable, Sendable {
        /// Sends changes, asks what became of them, says who is here.
        case push
        /// Reads states, and who is here.
        case poll
        /// Starts and steers long-running operations.
        case operate
        /// Lists and deletes applications, reads their logs; of all applications it has the metrics, too.
        case admin
        /// Reads the metrics, which are of no application.
        case metrics
    }

    package let kind: Kind
    package let pattern: ApplicationPattern
    /// The part of each state that it is about; nil: all of it. Only for push and poll.
    package let part: Part?

    /// A place in a state.
    package struct Part: Hashable, Sendable {
        package let pointer: JSONPointer

        package init(_ pointer: JSONPointer) { self.pointer = pointer }

        package static func == (one: Part, other: Part) -> Bool { one.pointer == other.pointer }

        package func hash(into hasher: inout Hasher) { hasher.combine(pointer.description) }
    }

    package init(_ text: some StringProtocol) throws(ScopeError) {
        let parts = text.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        guard let kind = Kind(rawValue: String(parts[0])) else {
            let kinds = Kind.allCases.map(\.rawValue).joined(separator: ", ")
            throw ScopeError("“\(text)” is no scope: it begins with one of \(kinds).")
        }
        self.kind = kind
        guard kind != .metrics else {
            guard parts.count == 1 else { throw ScopeError("“\(text)” is no scope: metrics are of no application.") }
            (pattern, part) = (.all, nil)
            return
        }
        guard parts.count == 2 else {
            throw ScopeError(
                "“\(text)” is no scope: it does not say for which applications, as \(kind.rawValue):* does.")
        }
        let about = parts[1].split(separator: "#", maxSplits: 1, omittingEmptySubsequences: false)
        pattern = try ApplicationPattern(about[0])
        part = about.count > 1 ? try Self.part(about[1], of: kind, text) : nil
    }

    private static func part(
        _ path: some StringProtocol, of kind: Kind, _ text: some StringProtocol
    ) throws(ScopeError) -> Part? {
        switch kind {
        case .push, .poll: break
        case .operate, .admin, .metrics:
            throw ScopeError("“\(text)” is no scope: only push and poll may be limited to a part of the state.")
        }
        guard let plain = PercentDecoding.decode(path) else {
            throw ScopeError("“\(text)” is no scope: its path has “%” without two hexadecimal digits, or is not UTF-8.")
        }
        do {
            let pointer = try JSONPointer(parsing: plain)
            return pointer == .root ? nil : Part(pointer)
        } catch {
            throw ScopeError("“\(text)” is no scope: its path is no JSON Pointer: \(error.message).")
        }
    }
}

extension Scope: CustomStringConvertible {
    package var description: String {
        switch kind {
        case .metrics: kind.rawValue
        case .push, .poll, .operate, .admin:
            "\(kind.rawValue):\(pattern)" + (part.map { "#" + Fragment.encode($0.pointer.description) } ?? "")
        }
    }
}

/// JSON Pointers as in the fragment of a URI; `PercentDecoding` reads them.
private enum Fragment {
    static func encode(_ text: String) -> String {
        var bytes: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "%"), UInt8(ascii: "\\"), 0x7F...:
                bytes.append(UInt8(ascii: "%"))
                bytes.append(Array("0123456789ABCDEF".utf8)[Int(byte >> 4)])
                bytes.append(Array("0123456789ABCDEF".utf8)[Int(byte & 15)])
            default: bytes.append(byte)
            }
        }
        return String(decoding: bytes, as: UTF8.self)
    }
}
