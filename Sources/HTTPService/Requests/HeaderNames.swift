// Names of header fields that HTTPTypes does not know.

package import HTTPTypes

extension HTTPField.Name {
    package static let prefer = constant("Prefer")
    package static let preferenceApplied = constant("Preference-Applied")
    /// How far a state is folded, or where a change stands.
    package static let cisternPosition = constant("Cistern-Position")
    /// Milliseconds until the next poll is welcome.
    package static let cisternPollInterval = constant("Cistern-Poll-Interval")

    /// Only for the names above: whether they are valid is decided by this file, never by a peer.
    private static func constant(_ name: String) -> HTTPField.Name {
        guard let name = HTTPField.Name(name) else { preconditionFailure("\(name) is no name of a header field") }
        return name
    }
}
