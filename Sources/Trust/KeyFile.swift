// The file of keys as something that keys are added to. Pure: what is written where is the command's business.

package import Documents

package struct KeyFile: Sendable {
    private var members: [(String, Document)]

    /// For tokens of one's own, where nobody else issues any.
    package static let ownName = "cistern"

    /// - Parameter file: Nil makes a new one.
    package init(_ file: [UInt8]?) throws(KeyFileError) {
        guard let file else {
            members = []
            return
        }
        let document: Document
        do { document = try Document(parsing: file) } catch { throw KeyFileError("It is not JSON: \(error)") }
        guard document.kind == .object else { throw KeyFileError("It is no JSON object.") }
        members = document.members.map { ($0.name, $0.value) }
    }

    /// What tokens have to have as “iss” and “aud”.
    package var terms: TokenTerms? {
        guard let issuer = self["issuer"]?.stringValue, let audience = self["audience"]?.stringValue else { return nil }
        return TokenTerms(issuer: issuer, audience: audience)
    }

    private subscript(name: String) -> Document? { members.first { $0.0 == name }?.1 }

    /// Adds a key that tokens are signed by.
    package mutating func add(key: Document) throws(KeyFileError) {
        try add(key, named: "kid", to: "keys")
        for name in ["issuer", "audience"] where self[name] == nil { members.append((name, .string(Self.ownName))) }
    }

    package mutating func add(apiKey: Document) throws(KeyFileError) { try add(apiKey, named: "id", to: "api_keys") }

    private mutating func add(_ key: Document, named name: String, to list: String) throws(KeyFileError) {
        let present = self[list].map { Array($0.elements) } ?? []
        guard !present.contains(where: { $0[name]?.stringValue == key[name]?.stringValue }) else {
            throw KeyFileError("There is a key “\(key[name]?.stringValue ?? "")” in “\(list)” already.")
        }
        members.removeAll { $0.0 == list }
        members.append((list, .array(present + [key])))
    }

    /// One key a line, so that differences of two versions can be read.
    package var text: String {
        let lines = members.map { name, value in
            guard value.kind == .array else { return "  \(Self.text(.string(name))): \(Self.text(value))" }
            let elements = value.elements.map { "    " + Self.text($0) }.joined(separator: ",\n")
            return "  \(Self.text(.string(name))): [\n\(elements)\n  ]"
        }
        return "{\n" + lines.joined(separator: ",\n") + "\n}\n"
    }

    private static func text(_ document: Document) -> String { String(decoding: document.encoded(), as: UTF8.self) }
}
