// Who is let in, and how they are spoken to: what a daemon's settings say of keys and certificates, read when it starts and again
// when the files change.

import FoundationEssentials
package import HTTPService
import Logging
import ServiceLifecycle
import Trust

package struct Admittance: Sendable {
    package let permission: any Permission
    /// Nil where HTTP is spoken in the clear.
    package let tls: TLSIdentity?
    /// To be run for as long as somebody is let in.
    let watches: [any Service]

    /// Throws ``DaemonFailure/configuration(_:)`` if somebody would be let in whom nobody meant to.
    init(_ configuration: DaemonConfiguration, _ logger: Logger) async throws(DaemonFailure) {
        var watches: [any Service] = []
        try Self.check(configuration)
        if let path = configuration.keys {
            let mark = FileWatch.Mark([path])
            let keys = TrustedKeys(try await Self.keyring(path, logger))
            watches.append(
                FileWatch(paths: [path], mark: mark, logger: logger) {
                    keys.replace(by: try await Self.keyring(path, logger))
                })
            permission = keys
        } else {
            permission = EverybodyMay()
        }
        if let certificate = configuration.tlsCertificate, let key = configuration.tlsKey {
            let mark = FileWatch.Mark([certificate, key])
            let identity = try Self.identity(certificate, key)
            watches.append(
                FileWatch(paths: [certificate, key], mark: mark, logger: logger) {
                    identity.replace(by: try Self.identity(certificate, key))
                })
            tls = identity
        } else {
            tls = nil
        }
        self.watches = watches
    }

    private static func check(_ configuration: DaemonConfiguration) throws(DaemonFailure) {
        guard configuration.keys == nil || !configuration.allowAnonymous else {
            throw .configuration(
                "Both --keys and --allow-anonymous are given; the one asks for tokens, the other for none.")
        }
        guard (configuration.tlsCertificate == nil) == (configuration.tlsKey == nil) else {
            throw .configuration("--tls-certificate and --tls-key belong together; only one of them is given.")
        }
        guard configuration.address.isLocal || configuration.keys != nil || configuration.allowAnonymous else {
            throw .configuration(
                """
                \(configuration.address) can be reached from other machines, and there are no keys, so everybody could \
                read, change and delete everything. Make keys with “cistern token” and name their file with --keys, or \
                listen on 127.0.0.1, or, where nobody else is on the network, say --allow-anonymous.
                """)
        }
    }

    private static func keyring(_ path: String, _ logger: Logger) async throws(DaemonFailure) -> Keyring {
        let file = try read(path, upTo: Keyring.maximumFileBytes, as: "--keys")
        do {
            let keyring = try await Keyring(parsing: file)
            logger.info(
                "Keys read",
                metadata: [
                    "keys": "\(keyring.counts.keys)", "api_keys": "\(keyring.counts.apiKeys)", "file": "\(path)",
                ])
            return keyring
        } catch {
            throw .configuration("The file \(path) (--keys) cannot be used. \(error)")
        }
    }

    private static func identity(_ certificate: String, _ key: String) throws(DaemonFailure) -> TLSIdentity {
        let chain = try read(certificate, upTo: largestPEM, as: "--tls-certificate")
        let key = try read(key, upTo: largestPEM, as: "--tls-key")
        do { return try TLSIdentity(certificates: chain, key: key) } catch {
            throw .configuration("The files \(certificate) and its key cannot be used. \(error)")
        }
    }

    /// Bytes: chains have some thousand.
    static let largestPEM = 1 << 20

    static func read(_ path: String, upTo limit: Int, as flag: String) throws(DaemonFailure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw .configuration("The file \(path) (\(flag)) cannot be read: is it there, and may this user read it?")
        }
        guard data.count <= limit else {
            throw .configuration("The file \(path) (\(flag)) has more than \(limit) bytes.")
        }
        return Array(data)
    }
}
