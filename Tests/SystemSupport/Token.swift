import Foundation

/// `<epoch>-<number>`, as a client reads it.
package struct Token: Hashable, Sendable, CustomStringConvertible {
    package let epoch: String
    package let number: Int

    package init(epoch: String, number: Int) {
        self.epoch = epoch
        self.number = number
    }

    package init?(_ text: String?) {
        guard let text else { return nil }
        let bare = text.trimmingCharacters(in: ["\""])
        guard let dash = bare.lastIndex(of: "-"), let number = Int(bare[bare.index(after: dash)...]) else { return nil }
        epoch = String(bare[..<dash])
        self.number = number
    }

    package var description: String { "\(epoch)-\(number)" }
}
