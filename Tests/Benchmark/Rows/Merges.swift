// P5: the merge by itself, without network and disk, against a loop in Node with objects in memory. Both on one core, the same patches.

import Foundation

struct Merges: Row {
    let names = ["P5"]

    private static let sizes = [
        (label: "1 KB", bytes: 1_000, target: 1.0), (label: "10 KB", bytes: 10_000, target: 1.5),
        (label: "100 KB", bytes: 100_000, target: 5), (label: "1 MB", bytes: 1_000_000, target: 20),
    ]
    /// As many as make Node's longest pass a tenth of a second.
    private static let patches = 2_000

    func measure(_ bench: Bench, only: Set<String>) async throws -> Report {
        let script = try bench.place(PackageResources.merge_js, as: "merge.js")
        var figures: [Figure] = []
        for size in Self.sizes {
            let state = try bench.place(Array(Board.state(bytes: size.bytes).utf8), as: "state-\(size.bytes).json")
            let patches = try bench.place(
                Array(Board.patches(Self.patches, bytes: size.bytes).joined(separator: "\n").utf8),
                as: "patches-\(size.bytes)")
            let finals = (ours: "\(bench.folder)/ours.json", peers: "\(bench.folder)/peers.json")
            let inputs = [state, patches, bench.quick ? "0.2" : "0.5"]
            func compare(_ ours: [String]) async throws -> Comparison {
                let comparison = try await bench.alternate(
                    { try await rate([bench.ourselves, "merge"] + inputs + [finals.ours] + ours, bench) },
                    { try await rate(["node", script] + inputs + [finals.peers], bench) })
                guard try value(finals.ours) == value(finals.peers) else {
                    throw Wrong("Node and Cistern end with different states of \(size.label).")
                }
                return comparison
            }
            figures.append(
                Figure(
                    "P5", "merge 100 changes, encode, \(size.label)", peer: "Node", unit: "changes/s",
                    try await compare([]), target: .ratioAtLeast(size.target)))
            if bench.quick { continue }
            figures.append(
                Figure(
                    "P5", "the same with ids and records", peer: "Node without", unit: "changes/s",
                    try await compare(["--log"]), target: .none))
        }
        return Report(figures: figures)
    }

    private func rate(_ words: [String], _ bench: Bench) async throws -> Double {
        try Loop(output: try await Tool.run(words, cores: bench.serverCores)).perSecond
    }

    private func value(_ path: String) throws -> NSDictionary {
        let data = try Data(contentsOf: URL(filePath: path))
        guard let value = try JSONSerialization.jsonObject(with: data) as? [String: Any], !value.isEmpty else {
            throw Wrong("\(path) is no state.")
        }
        return NSDictionary(dictionary: value)
    }
}
