// Where `cistern up` keeps what has to survive, and how two of them never work on the same folder.

import Foundation
import Glibc

struct DataFolder: Sendable {
    let path: String

    /// - Parameter path: from the command line; else CISTERN_DATA, else the place for a user's data (XDG base directories).
    init(path: String?) {
        let environment = Terminal.environment
        let home = environment("HOME").isEmpty ? NSHomeDirectory() : environment("HOME")
        let base = environment("XDG_DATA_HOME").isEmpty ? home + "/.local/share" : environment("XDG_DATA_HOME")
        let chosen = path ?? (environment("CISTERN_DATA").isEmpty ? base + "/cistern" : environment("CISTERN_DATA"))
        self.path = URL(fileURLWithPath: chosen).standardizedFileURL.path
    }

    /// Redis' append-only files.
    var redis: String { path + "/redis" }
    /// Held by redis-server itself, so that a new one waits until an old one has let go of the files.
    var redisLock: String { path + "/redis.lock" }

    func create() throws(Failure) {
        do {
            try FileManager.default.createDirectory(
                atPath: redis, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
        } catch {
            throw Failure(
                .failed, "The data folder \(path) cannot be made: \(error.localizedDescription)",
                advice: "Choose another with --data or CISTERN_DATA.")
        }
    }

    /// Takes the folder for this process, until it ends in whatever way.
    func lock() throws(Failure) -> DataLock {
        let file = path + "/lock"
        let descriptor = unsafe open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(.failed, "\(file) cannot be opened: \(unsafe String(cString: strerror(errno)))")
        }
        let lock = DataLock(descriptor: descriptor)
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let owner = lock.note.map { ": process \($0.process), at \($0.url)" } ?? ""
            throw Failure(
                .failed, "Another “cistern up” runs with the data folder \(path)\(owner).",
                advice: "Use that one, stop it, or choose another folder with --data and another port with --port.")
        }
        return lock
    }
}

/// The lock of a data folder, and in it a note for others: who holds it, where it answers, where its sockets are.
final class DataLock: Sendable {
    struct Note: Equatable {
        var process: Int
        var url: String
        var runFolder: String
    }

    /// Bytes of a note that are read.
    private static let maximumNoteBytes = 8_192

    private let descriptor: Int32

    fileprivate init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Of whoever holds the lock or held it last; nil if there is none that can be read.
    var note: Note? {
        var bytes = [UInt8](repeating: 0, count: Self.maximumNoteBytes)
        let count = unsafe bytes.withUnsafeMutableBytes { unsafe pread(descriptor, $0.baseAddress, $0.count, 0) }
        guard count > 0 else { return nil }
        let lines = String(decoding: bytes.prefix(count), as: UTF8.self).split(
            separator: "\n", omittingEmptySubsequences: false)
        guard lines.count >= 3, let process = Int(lines[0]) else { return nil }
        return Note(process: process, url: String(lines[1]), runFolder: String(lines[2]))
    }

    func write(_ note: Note) {
        let bytes = Array("\(note.process)\n\(note.url)\n\(note.runFolder)\n".utf8)
        // A note for people; the lock holds without it.
        _ = ftruncate(descriptor, 0)
        _ = unsafe bytes.withUnsafeBytes { unsafe pwrite(descriptor, $0.baseAddress, $0.count, 0) }
    }
}
