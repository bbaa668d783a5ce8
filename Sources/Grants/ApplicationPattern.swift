// Which applications a scope is about: one by its id, those whose ids begin alike, or all.

package import Fold

package enum ApplicationPattern: Hashable, Sendable {
    case one(ApplicationID)
    /// Written with `*` at the end; all if there is nothing before it.
    case beginning(String)

    package static let all = ApplicationPattern.beginning("")

    /// - Throws: what is wrong, as a sentence.
    package init(_ text: some StringProtocol) throws(ScopeError) {
        guard text.hasSuffix("*") else {
            do { self = .one(try ApplicationID(text)) } catch { throw ScopeError("\(error)") }
            return
        }
        let beginning = text.dropLast()
        // What an id may begin with is what makes an id with a letter behind it.
        guard beginning.isEmpty || (try? ApplicationID("\(beginning)")) != nil else {
            throw ScopeError(
                "“\(text)” is no pattern of applications: an id, the beginning of one with “*” behind it, or “*” alone."
            )
        }
        self = .beginning(String(beginning))
    }

    package func matches(_ application: ApplicationID) -> Bool {
        switch self {
        case .one(let one): one == application
        case .beginning(let beginning): application.description.utf8.starts(with: beginning.utf8)
        }
    }

    /// Whether every application whose id begins like this is among these.
    package func covers(beginning: String) -> Bool {
        switch self {
        case .one: false
        case .beginning(let own): beginning.utf8.starts(with: own.utf8)
        }
    }
}

extension ApplicationPattern: CustomStringConvertible {
    package var description: String {
        switch self {
        case .one(let application): application.description
        case .beginning(let beginning): beginning + "*"
        }
    }
}
