// The files of keys: read, made and replaced.

import ArgumentParser
import Foundation
import Grants
import Trust

enum KeyFiles {
    static func bytes(_ path: String) throws(Failure) -> [UInt8] {
        guard let data = FileManager.default.contents(atPath: path) else {
            throw Failure(.data, "The file \(path) cannot be read.")
        }
        return Array(data)
    }

    /// A file that is not there yet is a new one.
    static func read(_ path: String) throws(Failure) -> KeyFile {
        let present = FileManager.default.fileExists(atPath: path) ? try bytes(path) : nil
        do { return try KeyFile(present) } catch { throw Failure(.data, "The file \(path) cannot be used. \(error)") }
    }

    /// Names the file that an error is about.
    static func naming(_ path: String, _ body: () throws(KeyFileError) -> Void) throws(Failure) {
        do { try body() } catch { throw Failure(.data, "\(path): \(error)") }
    }

    static func grant(_ scope: String) throws(Failure) -> Grant {
        do { return try Grant(scope) } catch { throw Failure(.usage, "\(error)") }
    }

    /// A new file that only its owner may read.
    static func create(_ path: String, _ text: String) throws(Failure) {
        let descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            throw Failure(.failed, "The file \(path) cannot be made: \(unsafe String(cString: strerror(errno))).")
        }
        let file = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
        do {
            try file.write(contentsOf: Data(text.utf8))
            try file.synchronize()
        } catch {
            throw Failure(.failed, "The file \(path) cannot be written: \(error)")
        }
    }

    /// In one step, so that a server never reads half of it. Who may read it stays as it was.
    static func replace(_ path: String, _ text: String) throws(Failure) {
        let new = path + ".new"
        _ = unsafe unlink(new)
        try create(new, text)
        var status = stat()
        if unsafe stat(path, &status) == 0 {
            _ = unsafe chown(new, status.st_uid, status.st_gid)
            _ = unsafe chmod(new, status.st_mode & 0o777)
        }
        guard unsafe rename(new, path) == 0 else {
            throw Failure(.failed, "The file \(path) cannot be replaced: \(unsafe String(cString: strerror(errno))).")
        }
    }
}

/// How long something is good: `15m`, `1h`, `30d`.
struct Lifetime: ExpressibleByArgument, CustomStringConvertible {
    let seconds: Int

    init(seconds: Int) { self.seconds = seconds }

    init?(argument: String) {
        let units: [Character: Int] = ["s": 1, "m": 60, "h": 3_600, "d": 86_400]
        guard let unit = argument.last.flatMap({ units[$0] }), let count = Int(argument.dropLast()),
            (1...Self.longest / unit).contains(count)
        else { return nil }
        seconds = count * unit
    }

    /// Seconds: ten years.
    private static let longest = 10 * 365 * 86_400

    var description: String { seconds.isMultiple(of: 3_600) ? "\(seconds / 3_600)h" : "\(seconds)s" }

    /// Seconds since 1970.
    var end: Int { Int(Date().timeIntervalSince1970) + seconds }
}
