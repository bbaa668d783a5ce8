// How busy an event loop is: the time in which its thread ran or wanted to run, over the time that has passed. On a machine that is shared
// a saturated thread never gets a whole processor, so what it waited for one counts too.

import Glibc

struct LoopLoad {
    /// In nanoseconds.
    struct Reading {
        let busy: Int64
        let passed: Int64

        /// Of the present thread.
        static var present: Reading {
            Reading(busy: scheduled() ?? read(CLOCK_THREAD_CPUTIME_ID), passed: read(CLOCK_MONOTONIC))
        }

        private static func read(_ clock: clockid_t) -> Int64 {
            var time = timespec()
            unsafe clock_gettime(clock, &time)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }

        /// What the kernel's scheduler says (proc(5)); nil on kernels that do not.
        private static func scheduled() -> Int64? {
            let file = unsafe open("/proc/thread-self/schedstat", O_RDONLY | O_CLOEXEC)
            guard file >= 0 else { return nil }
            defer { close(file) }
            let bytes = unsafe [UInt8](unsafeUninitializedCapacity: 64) { room, count in
                count = unsafe max(0, Glibc.read(file, room.baseAddress, room.count))
            }
            return sum(ofFirstTwoNumbersIn: bytes)
        }

        /// Time on a processor and time of waiting for one are the first two.
        static func sum(ofFirstTwoNumbersIn bytes: [UInt8]) -> Int64? {
            let numbers = bytes.split(separator: Byte.space).prefix(2).map {
                Int64(String(decoding: $0, as: UTF8.self))
            }
            guard numbers.count == 2, let ran = numbers[0], let waited = numbers[1] else { return nil }
            return ran + waited
        }
    }

    private var last: Reading?

    /// The share of the time since the last reading that the thread was busy: 0 to 1.
    mutating func next(_ reading: Reading) -> Double {
        defer { last = reading }
        guard let last, reading.passed > last.passed else { return 0 }
        let share = Double(reading.busy - last.busy) / Double(reading.passed - last.passed)
        return min(max(share, 0), 1)
    }
}
