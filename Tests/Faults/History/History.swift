import Foundation
import Synchronization
import SystemSupport

/// All that the clients of one round saw, in the order in which they saw it. The place of an event is its index.
final class History: Sendable {
    private struct State {
        var events: [Event] = []
        var times: [Duration] = []
        /// By application, version and bytes: states that are alike share one witness.
        var witnesses: [Known: Witness] = [:]
    }
    private struct Known: Hashable {
        let application: String
        let version: Token
        let digest: Int
    }
    private let state = Mutex(State())

    private let start = ContinuousClock.now

    init() {}

    var events: [Event] { state.withLock { $0.events } }
    /// The place of the next event.
    var end: Int { state.withLock { $0.events.count } }

    /// One line for each event, for people: place, milliseconds, what happened.
    var lines: [String] {
        let (events, times) = state.withLock { ($0.events, $0.times) }
        return zip(events, times).enumerated().map { "\($0) \($1.1.milliseconds) \($1.0)" }
    }

    func note(_ event: Event) {
        let time = ContinuousClock.now - start
        state.withLock { state in
            state.events.append(event)
            state.times.append(time)
        }
    }

    /// Notes a state. - Returns: what it shows; nil if the bytes are no state of the workload, which is noted as strange.
    @discardableResult
    func saw(
        _ bytes: [UInt8], client: Int?, server: Int, application: String, version: Token, position: Token,
        atLeast: Token? = nil
    ) -> Witness? {
        let digest = bytes.hashValue
        let known = Known(application: application, version: version, digest: digest)
        guard let witness = state.withLock({ $0.witnesses[known] }) ?? Self.read(bytes) else {
            note(
                .strange(
                    "\(version) of \(application) from server \(server): \(String(decoding: bytes.prefix(300), as: UTF8.self))"
                ))
            return nil
        }
        let sight = Sight(
            client: client, server: server, application: application, version: version, position: position,
            digest: digest, atLeast: atLeast, witness: witness)
        state.withLock { $0.witnesses[known] = witness }
        note(.saw(sight))
        return witness
    }

    private static func read(_ bytes: [UInt8]) -> Witness? {
        try? JSONDecoder().decode(Witness.self, from: Data(bytes))
    }
}
