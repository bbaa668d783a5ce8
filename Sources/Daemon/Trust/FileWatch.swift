// Reads files again when they have changed. Their status is looked at once a second: that costs nothing, and works for files that
// are replaced, mounted or linked, where being told by the system does not.

import Glibc
import Logging
import ServiceLifecycle

struct FileWatch: Service {
    /// What shows that a file is another than before.
    struct Mark: Equatable {
        private let values: [Int]

        init(_ paths: [String]) {
            values = paths.flatMap { path -> [Int] in
                var status = stat()
                guard unsafe stat(path, &status) == 0 else { return [] }
                return [
                    Int(status.st_ino), Int(status.st_size), status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                    status.st_ctim.tv_sec, status.st_ctim.tv_nsec,
                ]
            }
        }
    }

    let paths: [String]
    /// Of what has been read.
    let mark: Mark
    let logger: Logger
    /// Throws why what was read before stays in force.
    let reload: @Sendable () async throws -> Void

    private static let pause: Duration = .seconds(1)

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var known = mark
            while true {
                try await Task.sleep(for: Self.pause)
                let mark = Mark(paths)
                guard mark != known else { continue }
                known = mark
                await read()
            }
        }
    }

    private func read() async {
        let files = paths.joined(separator: ", ")
        do {
            try await reload()
            logger.notice("Read again what has changed", metadata: ["files": "\(files)"])
        } catch {
            logger.error(
                "A file has changed and cannot be used; what was read before stays in force",
                metadata: ["files": "\(files)", "error": "\(error)"])
        }
    }
}
