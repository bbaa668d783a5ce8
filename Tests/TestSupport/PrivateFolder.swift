import Foundation

/// A folder of its own for one server: short, because a unix socket's path has to fit 107 bytes.
package struct PrivateFolder: Sendable {
    /// A folder this old whose test process is gone was left behind by a run that was killed.
    private static let abandonedAfter: TimeInterval = 3_600

    package let path: String

    package init(_ name: String) throws {
        Self.removeAbandoned
        let unique = String(UInt64.random(in: 0...UInt64.max), radix: 36)
        path = "/tmp/cistern-test-\(getpid())-\(name)-\(unique)"
        try FileManager.default.createDirectory(
            atPath: path, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
        LiveChildren.shared.insert(folder: path)
    }

    package func remove() {
        try? FileManager.default.removeItem(atPath: path)
        LiveChildren.shared.remove(folder: path)
    }

    /// Done once per test process.
    private static let removeAbandoned: Void = {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/tmp")) ?? []
        for name in names where name.hasPrefix("cistern-test-") {
            let path = "/tmp/\(name)"
            guard let pid = name.split(separator: "-").dropFirst(2).first.flatMap({ pid_t($0) }), kill(pid, 0) != 0,
                let attributes = try? FileManager.default.attributesOfItem(atPath: path),
                let changed = attributes[.modificationDate] as? Date,
                Date.now.timeIntervalSince(changed) > abandonedAfter
            else { continue }
            try? FileManager.default.removeItem(atPath: path)
        }
    }()
}
