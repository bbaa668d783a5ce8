// How many connections each address has, where there is a bound to it.

import Metrics
import NIOCore
import Synchronization

final class AddressPlaces: Sendable {
    private let most: Int
    private let refused: Counter
    /// As many entries as there are connections, at most.
    private let taken = Mutex<[PeerAddress: Int]>([:])

    init(_ most: Int, metrics: any MetricsFactory) {
        self.most = most
        refused = Counter(label: "http_connections_refused", factory: metrics)
    }

    /// Takes a place for as long as the connection is open.
    ///
    /// - Returns: false if its address has no more.
    func take(for connection: any Channel) -> Bool {
        let address = PeerAddress(connection.remoteAddress)
        // Whoever comes by a unix socket has no address of their own.
        guard address != .local else { return true }
        guard take(address) else {
            refused.increment()
            return false
        }
        connection.closeFuture.whenComplete { _ in self.giveBack(address) }
        return true
    }

    func take(_ address: PeerAddress) -> Bool {
        taken.withLock { taken in
            let count = taken[address, default: 0]
            guard count < most else { return false }
            taken[address] = count + 1
            return true
        }
    }

    func giveBack(_ address: PeerAddress) {
        taken.withLock { taken in
            guard let count = taken[address] else { return }
            taken[address] = count > 1 ? count - 1 : nil
        }
    }
}
