// What every row gets: how long to measure, on which cores, and where programs and files are.

import Foundation
import TestSupport

struct Bench: Sendable {
    /// Less of everything: enough to see where one stands.
    let quick: Bool
    /// The folder of cistern-front, merge-daemon and courier.
    let programs: String
    /// This program.
    let ourselves: String
    let serverCores: Cores
    let loadCores: Cores
    /// For sockets, data and configuration; removed at the end.
    let folder: String

    /// Pairs of measurements, ours and the peer's.
    var rounds: Int { quick ? 3 : 5 }
    /// Of one measurement by wrk.
    var seconds: Int { quick ? 1 : 2 }

    static let connections = 64

    /// For rows where waiting counts, not work: the load gets the last core alone, the servers all others.
    ///
    /// - Parameter body: is given the cores of the servers.
    func apart<Value>(_ body: (Cores) async throws -> Value) async throws -> Value {
        let last = Cores(loadCores.numbers.suffix(1))
        let others = Cores((serverCores.numbers + loadCores.numbers).filter { !last.numbers.contains($0) })
        try await last.pin()
        let value = try await body(others.count > 0 ? others : serverCores)
        try await loadCores.pin()
        return value
    }

    func say(_ text: String) {
        FileHandle.standardError.write(Data("\(text)\n".utf8))
    }

    /// Writes a file that the program carries with it, with `@NAMES@` replaced, and gives its path.
    func place(_ bytes: [UInt8], as name: String, _ values: [String: String] = [:]) throws -> String {
        var text = String(decoding: bytes, as: UTF8.self)
        for (key, value) in values { text = text.replacingOccurrences(of: "@\(key)@", with: value) }
        let path = "\(folder)/\(name)"
        try text.write(toFile: path, atomically: true, encoding: .utf8)
        return path
    }

    /// Measures ours and the peer's by turns, after a turn each that does not count.
    ///
    /// - Parameter rounds: fewer than usual, for what has no target.
    func alternate(
        rounds: Int? = nil, _ ours: () async throws -> Double, _ peers: () async throws -> Double
    ) async throws -> Comparison {
        var comparison = Comparison()
        _ = try await ours()
        _ = try await peers()
        for _ in 0..<(rounds ?? self.rounds) {
            let mine = try await ours()
            comparison.add(ours: mine, peers: try await peers())
        }
        return comparison
    }
}
