// A private folder for the sockets of one run. A new one each time: what a killed run left behind is in nobody's way.

import Foundation
import Glibc

struct RunFolder: Sendable {
    /// Bytes of a socket's path (unix(7): 108 with the zero at the end).
    static let maximumSocketPath = 107
    /// The longest name of a socket in it, with its slash.
    static let longestName = "/state-poll.sock"
    private static let prefix = "cistern-run-"

    let path: String

    /// In the data folder, or where temporary files are if the sockets' paths would get too long there.
    static func create(in data: DataFolder) throws(Failure) -> RunFolder {
        let base = fits(data.path) ? data.path : "/tmp"
        var template = Array("\(base)/\(prefix)XXXXXX".utf8CString)
        guard unsafe mkdtemp(&template) != nil else {
            throw Failure(
                .failed, "A folder for sockets cannot be made in \(base): \(unsafe String(cString: strerror(errno)))")
        }
        return RunFolder(path: String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }

    static func fits(_ base: String) -> Bool {
        "\(base)/\(prefix)XXXXXX\(longestName)".utf8.count <= maximumSocketPath
    }

    /// The folder of an earlier run as it stands in a note; nil for anything that is no such folder of ours.
    static func left(at path: String) -> RunFolder? {
        guard path.split(separator: "/").last?.hasPrefix(prefix) == true else { return nil }
        var facts = stat()
        guard unsafe lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFDIR, facts.st_uid == geteuid() else {
            return nil
        }
        return RunFolder(path: path)
    }

    func socket(_ name: String) -> String { "\(path)/\(name).sock" }

    func remove() { try? FileManager.default.removeItem(atPath: path) }
}
