/// The release that the programs and the client belong to.
package enum Release {
    package static let version = "0.1.0"
}
