extension HTTPServer {
    package enum Address: Sendable, Equatable {
        /// Port 0 takes a free one, which `onListening` is told.
        case host(String, port: Int)
        /// A socket file; one that is there already is replaced.
        case unix(path: String)

        /// Only this machine, at the port of the tour.
        package static let standard = Address.host("127.0.0.1", port: 8080)

        /// Whether only this machine can reach it.
        package var isLocal: Bool {
            switch self {
            case .host(let host, _):
                // A name may begin with 127, too, and lead anywhere.
                host == "localhost" || host == "::1"
                    || host.hasPrefix("127.") && host.allSatisfy { $0.isWholeNumber || $0 == "." }
            case .unix: true
            }
        }
    }
}

extension HTTPServer.Address: CustomStringConvertible {
    package var description: String {
        switch self {
        case .host(let host, let port): host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
        case .unix(let path): "unix:\(path)"
        }
    }
}
