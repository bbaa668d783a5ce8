// Who asks, and whom a client believes: the token of its requests, and the authorities that servers' certificates lead to.

import NIOSSL

/// Gives the token for the next request.
typealias TokenSource = @Sendable () async throws -> String

struct Trust: Sendable {
    private let tokens: TokenSource?
    let tls: TLSConfiguration

    /// - Parameters:
    ///   - tokens: Nil where nobody has to say who they are.
    ///   - authorities: in PEM; nil: those of this machine.
    init(tokens: TokenSource?, authorities: [UInt8]?) throws(CisternError) {
        self.tokens = tokens
        var tls = TLSConfiguration.makeClientConfiguration()
        tls.minimumTLSVersion = .tlsv12
        if let authorities {
            do { tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMBytes(authorities)) } catch {
                throw .invalidRequest("The authorities are not certificates in PEM: \(error)")
            }
        }
        self.tls = tls
    }

    /// Header fields that say who asks. For every request and every handshake; never logged.
    ///
    /// - Parameter url: of the server.
    func credentials(for url: String) async throws(CisternError) -> [(name: String, value: String)] {
        guard let tokens else { return [] }
        let token: String
        do { token = try await tokens() } catch is CancellationError { throw .cancelled } catch {
            // In passing, as a server that does not answer: whoever gives tokens may be back soon.
            throw .unreachable(url: url, reason: "there is no token for it: \(error)")
        }
        return [("Authorization", "Bearer \(try Self.check(token))")]
    }

    static func check(_ token: String) throws(CisternError) -> String {
        guard !token.isEmpty, token.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
            throw .invalidRequest("The token is empty, or has characters that no token has.")
        }
        return token
    }
}
