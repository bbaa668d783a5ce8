// How busy an event loop is: the processor time of its thread over the time that has passed.

import Glibc

struct LoopLoad {
    /// In nanoseconds.
    struct Reading {
        let processor: Int64
        let passed: Int64

        /// Of the present thread.
        static var present: Reading {
            Reading(processor: read(CLOCK_THREAD_CPUTIME_ID), passed: read(CLOCK_MONOTONIC))
        }

        private static func read(_ clock: clockid_t) -> Int64 {
            var time = timespec()
            unsafe clock_gettime(clock, &time)
            return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
        }
    }

    private var last: Reading?

    /// The share of the time since the last reading that the thread was busy: 0 to 1.
    mutating func next(_ reading: Reading) -> Double {
        defer { last = reading }
        guard let last, reading.passed > last.passed else { return 0 }
        let share = Double(reading.processor - last.processor) / Double(reading.passed - last.passed)
        return min(max(share, 0), 1)
    }
}
