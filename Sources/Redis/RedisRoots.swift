// Which certificates of a Redis server are believed (`rediss://`).

import NIOCore
package import NIOSSL

/// Why certificates cannot be used, as a sentence.
package struct RedisRootsError: Error, CustomStringConvertible {
    package let description: String
}

package enum RedisRoots: Sendable {
    /// What this machine believes.
    case system
    /// Those of an authority of one's own.
    case own(NIOSSLContext)

    /// - Parameter certificates: in PEM.
    package init(_ certificates: [UInt8]) throws(RedisRootsError) {
        do {
            let roots = try NIOSSLCertificate.fromPEMBytes(certificates)
            self = .own(try Self.context(.certificates(roots)))
        } catch {
            throw RedisRootsError(description: "They are not certificates in PEM: \(error).")
        }
    }

    private static func context(_ roots: NIOSSLTrustRoots) throws -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        configuration.minimumTLSVersion = .tlsv12
        configuration.trustRoots = roots
        return try NIOSSLContext(configuration: configuration)
    }

    /// The handler of a connection to this host.
    func makeHandler(host: String) throws -> NIOSSLClientHandler {
        let context =
            switch self {
            case .system: try Self.context(.default)
            case .own(let context): context
            }
        // An address is looked for in the certificate as it is connected to; only names can be asked for (RFC 6066 §3).
        let isAddress = (try? SocketAddress(ipAddress: host, port: 0)) != nil
        return try NIOSSLClientHandler(context: context, serverHostname: isAddress ? nil : host)
    }
}
