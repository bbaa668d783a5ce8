// API keys: for programs that have nobody to issue tokens to them. The file has a hash of each, so that whoever reads the file
// has none.
//
// A key is 256 random bits, so its hash may be quick: nobody can try out that many, however quick a try is. Slow hashes are for
// what people choose, and here would only make every unknown key expensive for the server. The salt keeps two files from showing
// that they have a key in common.

import Crypto
package import Documents
package import Grants

/// A key in the hands of its holder: `ck_<id>_<secret>`.
package struct APIKey: Sendable {
    package let id: String
    let secret: String

    static let mark = "ck_"
    /// Bytes.
    private static let secretBytes = 32
    private static let saltBytes = 16

    /// Nil if the text is no API key at all.
    init?(_ text: String) {
        let parts = text.split(separator: "_", omittingEmptySubsequences: false)
        // The secret may have underscores of its own.
        guard parts.count >= 3, parts[0] == "ck", Self.isID(parts[1]) else { return nil }
        id = String(parts[1])
        secret = parts[2...].joined(separator: "_")
        guard Base64URL.decode(secret)?.count == Self.secretBytes else { return nil }
    }

    private init(id: String, secret: String) { (self.id, self.secret) = (id, secret) }

    package static func isID(_ text: some StringProtocol) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "."), UInt8(ascii: "-"):
                    true
                default: false
                }
            }
    }

    /// A new key, and what belongs into the file.
    package static func make(id: String, grant: Grant, expires: Int?) -> (text: String, record: Document) {
        let key = APIKey(id: id, secret: Base64URL.encode(random(secretBytes)))
        let salt = random(saltBytes)
        var members: [(String, Document)] = [
            ("id", .string(id)), ("salt", .string(Base64URL.encode(salt))),
            ("hash", .string(Base64URL.encode(key.hash(salt)))),
            ("scope", .string(grant.scopes.map(\.description).joined(separator: " "))),
        ]
        if let expires { members.append(("exp", .integer(expires))) }
        return (mark + id + "_" + key.secret, .object(members))
    }

    package static func random(_ count: Int) -> [UInt8] {
        var system = SystemRandomNumberGenerator()
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &system) }
    }

    fileprivate func hash(_ salt: [UInt8]) -> SHA256Digest { SHA256.hash(data: salt + Array(secret.utf8)) }
}

/// What the file says of a key.
package struct APIKeyRecord: Sendable {
    package let id: String
    package let grant: Grant
    /// Seconds since 1970; nil: until it is taken out of the file.
    package let expires: Double?
    private let salt: [UInt8]
    private let hash: [UInt8]

    package init(_ record: Document) throws(KeyFileError) {
        guard let id = record["id"]?.stringValue, APIKey.isID(id) else {
            throw KeyFileError("it takes as “id” 1 to 64 of A–Z a–z 0–9 . -")
        }
        self.id = id
        guard let salt = (record["salt"]?.stringValue).flatMap(Base64URL.decode), !salt.isEmpty,
            let hash = (record["hash"]?.stringValue).flatMap(Base64URL.decode), hash.count == SHA256.byteCount
        else { throw KeyFileError("“\(id)” takes “salt” and “hash” as “cistern token api-key” prints them") }
        (self.salt, self.hash) = (salt, hash)
        guard let scope = record["scope"]?.stringValue else { throw KeyFileError("“\(id)” has no “scope”") }
        do { grant = try Grant(scope) } catch { throw KeyFileError("“\(id)”: \(error)") }
        if let exp = record["exp"] {
            guard let seconds = exp.integerValue else {
                throw KeyFileError("“\(id)” takes as “exp” whole seconds since 1970")
            }
            expires = Double(seconds)
        } else {
            expires = nil
        }
    }

    /// In time that does not depend on where they differ.
    func matches(_ key: APIKey) -> Bool { key.hash(salt) == hash }
}
