// Names that only daemons give: what they have done by long-running operations of their own is nobody else's to make, or to work on.

package import Fold

package enum ReservedNames {
    /// In front of the kinds of such operations, and of the applications that they belong to.
    package static let kinds = "cistern."
    package static let applications = "cistern~"

    package static func contains(_ kind: OperationKind) -> Bool { "\(kind)".hasPrefix(kinds) }

    package static func contains(_ application: ApplicationID) -> Bool { "\(application)".hasPrefix(applications) }
}
