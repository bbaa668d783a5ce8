// Where changes outlive the program in a file: a log of what was saved, one line each, that is written anew when most of it is history.
//
// A line is a checksum, a space, the update as JSON, and a line feed. Whoever is killed while writing leaves at most a last line without its end, or whose
// checksum is wrong; nothing was sent of it, and it is cut off. A new file is written beside the old one, synced, and renamed over it. A second file
// is locked for as long as the storage is used, so that no two programs send different changes under one name.

import Documents
import Fold
import Glibc
import NIOPosix
import Synchronization
import SystemPackage

#if canImport(FoundationEssentials)
    import FoundationEssentials
#else
    import Foundation
#endif

/// Keeps changes in a file of its own, so that they survive the program and the machine. For one application and one program at a time.
///
/// A save has reached the disk (fsync) when it returns. Beside the file stands another one, `<path>.lock`, that stays.
public final class FileStorage: Storage {
    /// Bytes of history that the file may have, however little is left of it.
    private static let keptHistory = 256 << 10
    /// A file is written anew when it is this much larger than what is kept.
    private static let mostTimesLarger = 4

    public let path: String
    private let disk: Disk

    private struct Inner {
        var file: FileDescriptor?
        var lock: FileDescriptor?
        var table = KeptTable()
        /// Bytes of the file, and those it had when it was written anew.
        var bytes = 0
        var freshBytes = 0
        /// Whether the file has less than what is kept, because a write has failed.
        var isBehind = false
    }
    private let inner = Mutex(Inner())

    /// - Parameter path: of the file, which need not exist; its folder has to.
    public convenience init(path: String) { self.init(path: path, disk: .real) }

    init(path: String, disk: Disk) {
        self.path = path
        self.disk = disk
    }

    deinit { inner.withLock { Self.release(&$0) } }

    public var isDurable: Bool { true }

    /// - Throws: ``StorageFailure``, also if another program uses the file.
    public func load() async throws -> KeptQueue? {
        try await onThread { inner throws(StorageFailure) in
            try self.takeLock(&inner)
            try self.open(&inner)
            try self.read(&inner)
            return inner.table.queue
        }
    }

    /// - Throws: ``StorageFailure``; the next save that succeeds makes up for it.
    public func save(_ update: KeptQueue.Update) async throws {
        try await onThread { inner throws(StorageFailure) in
            guard inner.lock != nil else { throw StorageFailure("\(self.path) was not opened") }
            inner.table.apply(update)
            let isLarge = inner.bytes > max(Self.keptHistory, inner.freshBytes * Self.mostTimesLarger)
            if inner.isBehind || isLarge {
                try self.writeAnew(&inner)
            } else {
                inner.isBehind = true
                let line = KeptLine.encoded(update)
                try self.attempt("written") {
                    guard let file = inner.file else { return }
                    try self.disk.write(line, file)
                    try self.disk.sync(file)
                }
                inner.bytes += line.count
                inner.isBehind = false
            }
        }
    }

    public func close() async { inner.withLock { Self.release(&$0) } }

    // MARK: The file

    /// Files make a thread wait, which is none of those that the program's tasks share.
    private func onThread<Value: Sendable>(
        _ body: @escaping @Sendable (inout Inner) throws(StorageFailure) -> Value
    ) async throws -> Value {
        try await NIOThreadPool.singleton.runIfActive { try self.inner.withLock { inner in try body(&inner) } }
    }

    private func attempt<Value>(_ verb: String, _ body: () throws -> Value) throws(StorageFailure) -> Value {
        do { return try body() } catch { throw StorageFailure("\(path) cannot be \(verb): \(error)") }
    }

    private func takeLock(_ inner: inout Inner) throws(StorageFailure) {
        let file = try attempt("locked") {
            try FileDescriptor.open(
                FilePath(path + ".lock"), .readWrite, options: [.create, .closeOnExec], permissions: .ownerReadWrite)
        }
        guard flock(file.rawValue, LOCK_EX | LOCK_NB) == 0 else {
            try? file.close()
            throw StorageFailure("\(path) is used by another program")
        }
        inner.lock = file
    }

    private func open(_ inner: inout Inner) throws(StorageFailure) {
        inner.file = try attempt("opened") {
            try FileDescriptor.open(
                FilePath(path), .readWrite, options: [.create, .append, .closeOnExec], permissions: .ownerReadWrite)
        }
        try attempt("opened") { try syncFolder() }
    }

    private func read(_ inner: inout Inner) throws(StorageFailure) {
        let bytes = try attempt("read") { Array(try Data(contentsOf: URL(filePath: path))) }
        var rest = bytes[...]
        while !rest.isEmpty {
            let line = rest.prefix { $0 != UInt8(ascii: "\n") }
            guard line.endIndex < rest.endIndex, let update = KeptLine.decoded(line) else {
                // Only what was being written when the program ended may be broken.
                guard rest[line.endIndex...].count <= 1 else {
                    throw StorageFailure("\(path) is damaged at byte \(line.startIndex); move it away to begin anew")
                }
                break
            }
            inner.table.apply(update)
            rest = rest[line.endIndex...].dropFirst()
        }
        inner.bytes = rest.startIndex
        inner.freshBytes = inner.bytes
        if !rest.isEmpty {
            try attempt("mended") {
                guard let file = inner.file else { return }
                try file.resize(to: Int64(rest.startIndex))
                try disk.sync(file)
            }
        }
    }

    private func writeAnew(_ inner: inout Inner) throws(StorageFailure) {
        guard let kept = inner.table.queue else { return }
        inner.isBehind = true
        let line = KeptLine.encoded(
            KeptQueue.Update(
                client: kept.client, generation: kept.generation, last: kept.last, put: kept.changes, drop: []))
        let next = path + ".next"
        let file = try attempt("written anew") {
            let file = try FileDescriptor.open(
                FilePath(next), .readWrite, options: [.create, .truncate, .append, .closeOnExec],
                permissions: .ownerReadWrite)
            try disk.write(line, file)
            try disk.sync(file)
            try disk.rename(next, path)
            try syncFolder()
            return file
        }
        try? inner.file?.close()
        inner.file = file
        inner.bytes = line.count
        inner.freshBytes = line.count
        inner.isBehind = false
    }

    /// A file that was made or renamed is there after a crash when its folder was synced.
    private func syncFolder() throws {
        let folder = FilePath(path).removingLastComponent()
        let descriptor = try FileDescriptor.open(folder.isEmpty ? "." : folder, .readOnly, options: [.directory])
        defer { try? descriptor.close() }
        try disk.sync(descriptor)
    }

    private static func release(_ inner: inout Inner) {
        try? inner.file?.close()
        if let lock = inner.lock {
            // A child of the program that is being started may have it for a moment, too.
            _ = flock(lock.rawValue, LOCK_UN)
            try? lock.close()
        }
        inner.file = nil
        inner.lock = nil
    }
}

/// Why changes could not be kept.
public struct StorageFailure: Error, Sendable, Hashable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}

/// What of a storage has to reach the disk, and in which order. Tests look at it, and let it fail.
struct Disk: Sendable {
    let write: @Sendable ([UInt8], FileDescriptor) throws -> Void
    /// A file, or the folder that says which files there are.
    let sync: @Sendable (FileDescriptor) throws -> Void
    /// In place of the other one, if there is one.
    let rename: @Sendable (_ old: String, _ new: String) throws -> Void

    static let real = Disk(
        write: { bytes, file in try file.writeAll(bytes) },
        sync: { file in if fsync(file.rawValue) != 0 { throw Errno(rawValue: errno) } },
        rename: { old, new in if unsafe Glibc.rename(old, new) != 0 { throw Errno(rawValue: errno) } })
}
