// Who asks for an operation without an id brings a key, and the id is made of that: so what makes an operation once for its id makes it once
// for the key.

import Crypto
package import Fold

extension OperationID {
    /// The id of the operation that is made with an `Idempotency-Key`: the same in every program and for ever.
    package init(idempotencyKey key: String) throws(InvalidIdentifier) {
        let digest = SHA256.hash(data: Array(key.utf8)).prefix(16)
        try self.init("key-" + digest.map(Hexadecimal.text).joined())
    }
}

enum Hexadecimal {
    static func text(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}
