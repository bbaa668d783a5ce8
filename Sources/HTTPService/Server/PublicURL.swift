// Where browsers reach a server: what pages are told, and let connect to.

/// `http[s]://host[:port][/path]`, without query, fragment, user and any character that could end it where it is written into a header field or a
/// script.
package struct PublicURL: Sendable, Hashable {
    /// Without a slash at its end.
    package let text: String
    /// `scheme://host[:port]`, as a Content-Security-Policy names it.
    package let origin: String

    package init?(_ text: String) {
        guard
            let whole = text.wholeMatch(
                of: /(https?:\/\/(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?)((?:\/[A-Za-z0-9._~%-]+)*)\/?/)
        else { return nil }
        self.text = String(whole.1 + whole.2)
        origin = String(whole.1)
    }
}
