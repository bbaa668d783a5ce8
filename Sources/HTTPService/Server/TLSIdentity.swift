// What a server proves itself with: its certificate, and the key that belongs to it. Both may be replaced while it runs;
// connections that are there keep what they began with.

import NIOSSL
import Synchronization

/// Why a certificate or its key cannot be used, as a sentence.
package struct TLSIdentityError: Error, CustomStringConvertible {
    package let description: String
}

package final class TLSIdentity: Sendable {
    private struct Proof {
        let context: NIOSSLContext
        let end: Int?
    }

    private let proof: Mutex<Proof>

    /// When the certificate ends, in seconds since 1970.
    package var end: Int? { proof.withLock { $0.end } }

    /// - Parameters:
    ///   - certificates: In PEM, the server's own first, then those that lead to a root.
    ///   - key: In PEM, without a password.
    package init(certificates: [UInt8], key: [UInt8]) throws(TLSIdentityError) {
        proof = Mutex(try Self.proof(certificates, key))
    }

    private static func proof(_ certificates: [UInt8], _ key: [UInt8]) throws(TLSIdentityError) -> Proof {
        let chain: [NIOSSLCertificate]
        do { chain = try NIOSSLCertificate.fromPEMBytes(certificates) } catch {
            throw TLSIdentityError(description: "The certificate is not in PEM: \(error).")
        }
        let privateKey: NIOSSLPrivateKey
        do { privateKey = try NIOSSLPrivateKey(bytes: key, format: .pem) } catch {
            throw TLSIdentityError(description: "The private key is not in PEM, or has a password: \(error).")
        }
        var configuration = TLSConfiguration.makeServerConfiguration(
            certificateChain: chain.map { .certificate($0) }, privateKey: .privateKey(privateKey))
        configuration.minimumTLSVersion = .tlsv12
        // HTTP/2 is a proxy's work.
        configuration.applicationProtocols = ["http/1.1"]
        do {
            return Proof(
                context: try NIOSSLContext(configuration: configuration), end: chain.first.map { Int($0.notValidAfter) }
            )
        } catch {
            throw TLSIdentityError(description: "The private key is not that of the certificate: \(error).")
        }
    }

    /// For connections from now on.
    package func replace(by other: TLSIdentity) {
        let new = other.proof.withLock { $0 }
        proof.withLock { $0 = new }
    }

    func makeHandler() -> NIOSSLServerHandler { NIOSSLServerHandler(context: proof.withLock { $0.context }) }
}
