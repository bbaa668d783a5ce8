import Foundation

/// A wall clock for one server that can be put forward and back: the system's, and an offset. Time that only goes forward is left alone.
///
/// The kernel has such clocks for monotonic time only, and libfaketime does not get along with the jemalloc of Debian's Redis.
package final class TestClock: Sendable {
    private let library: String
    private let file: String

    /// - Parameter folder: where its files are put.
    package init(in folder: String) async throws {
        library = "\(folder)/clock.so"
        file = "\(folder)/clock"
        let source = "\(folder)/clock.c"
        try Self.source.write(toFile: source, atomically: true, encoding: .utf8)
        try Data(count: MemoryLayout<Int64>.size).write(to: URL(filePath: file))
        let compiler = ChildProcess(
            executable: try ChildProcess.find("cc", package: "gcc"),
            arguments: ["-O1", "-shared", "-fPIC", "-o", library, source], output: "\(folder)/clock.log")
        try compiler.launch()
        try await eventually(within: .seconds(30), "the clock is compiled") { !compiler.isRunning }
        guard FileManager.default.fileExists(atPath: library) else {
            throw TestSupportError("the clock was not compiled:\n\(compiler.printed)")
        }
    }

    /// What a server that has this clock is started with.
    var environment: [String] { ["LD_PRELOAD=\(library)", "TEST_CLOCK=\(file)"] }

    /// From now on it is wrong by so much.
    package func set(to offset: Duration) throws {
        let (seconds, attoseconds) = offset.components
        let nanoseconds = seconds * 1_000_000_000 + attoseconds / 1_000_000_000
        let handle = try FileHandle(forWritingTo: URL(filePath: file))
        try handle.write(contentsOf: Data((0..<8).map { UInt8(truncatingIfNeeded: nanoseconds >> (8 * $0)) }))
        try handle.close()
    }

    private static let source = #"""
        #define _GNU_SOURCE
        #include <fcntl.h>
        #include <stdlib.h>
        #include <sys/mman.h>
        #include <sys/syscall.h>
        #include <sys/time.h>
        #include <time.h>
        #include <unistd.h>

        static const volatile long long *offset; // nanoseconds

        __attribute__((constructor)) static void open_clock(void) {
            int file = open(getenv("TEST_CLOCK"), O_RDONLY | O_CLOEXEC);
            void *page = mmap(NULL, sizeof *offset, PROT_READ, MAP_SHARED, file, 0);
            if (page != MAP_FAILED) offset = page;
            close(file);
        }

        int clock_gettime(clockid_t clock, struct timespec *time) {
            long result = syscall(SYS_clock_gettime, clock, time);
            if (result == 0 && offset && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) {
                long long sum = time->tv_sec * 1000000000LL + time->tv_nsec + *offset;
                time->tv_sec = sum / 1000000000;
                time->tv_nsec = sum % 1000000000;
            }
            return result;
        }

        int gettimeofday(struct timeval *restrict time, void *restrict zone) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            time->tv_sec = now.tv_sec;
            time->tv_usec = now.tv_nsec / 1000;
            return 0;
        }

        time_t time(time_t *result) {
            struct timespec now;
            clock_gettime(CLOCK_REALTIME, &now);
            if (result) *result = now.tv_sec;
            return now.tv_sec;
        }
        """#
}
