import Foundation
import TestSupport

/// How a client names its changes.
enum Naming: CaseIterable {
    /// `client~1`, `client~2`, …
    case numbered
    /// UUIDv7 (RFC 9562, section 5.7).
    case timed
    case plain
}

/// The ids of one client, one after the other.
struct Names {
    let naming: Naming
    private let client: String
    private var number = 0
    /// A client whose numbers Redis has lost goes on under another name.
    private var lives = 0

    init(_ naming: Naming, client: String) {
        self.naming = naming
        self.client = client
    }

    mutating func next(_ numbers: inout SeededNumbers) -> String {
        number += 1
        return switch naming {
        case .numbered: name(number)
        case .timed: Self.uuid(&numbers)
        case .plain: "\(client)-\(number)"
        }
    }

    /// The id that this client gives a number.
    func name(_ number: Int) -> String { "\(client)\(lives == 0 ? "" : "x\(lives)")~\(number)" }

    mutating func beginAnew() {
        lives += 1
        number = 0
    }

    private static func uuid(_ numbers: inout SeededNumbers) -> String {
        let time = UInt64(Date.now.timeIntervalSince1970 * 1_000)
        let hex =
            String(time, radix: 16).leftPadded(12) + "7" + String(numbers.next() & 0xfff, radix: 16).leftPadded(3)
            + "8" + String(numbers.next() & 0xfff_ffff_ffff_ffff, radix: 16).leftPadded(15)
        var text = ""
        for (index, digit) in hex.enumerated() {
            if [8, 12, 16, 20].contains(index) { text += "-" }
            text.append(digit)
        }
        return text
    }
}

extension String {
    fileprivate func leftPadded(_ width: Int) -> String { String(repeating: "0", count: max(0, width - count)) + self }
}
