// Where lines go, without ever holding up the program for long.
//
// Standard error is often a pipe, and its reader may stop reading. A line that finds no room for a moment is dropped, and for a while after
// that so are the next ones without waiting; how many there were is said as soon as there is room again.

import Glibc
import Synchronization

/// A file descriptor for log lines.
final class LogOutput: Sendable {
    static let standardError = LogOutput(descriptor: STDERR_FILENO)

    /// How long one line may wait for room.
    static let patience: Duration = .milliseconds(50)

    /// How long nobody tries again after that.
    static let silence: Duration = .seconds(1)

    private struct State {
        var dropped = 0
        var jammedUntil: ContinuousClock.Instant?
    }

    private let descriptor: Int32
    private let state = Mutex(State())

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// - Parameter notice: makes the line that tells how many were dropped.
    func write(_ line: String, notice: (_ dropped: Int) -> String) {
        state.withLock { state in
            if let until = state.jammedUntil, ContinuousClock.now < until {
                state.dropped += 1
                return
            }
            guard hasRoom() else {
                state.dropped += 1
                state.jammedUntil = .now + Self.silence
                return
            }
            state.jammedUntil = nil
            if state.dropped > 0 {
                put(notice(state.dropped))
                state.dropped = 0
                guard hasRoom() else {
                    state.dropped = 1
                    state.jammedUntil = .now + Self.silence
                    return
                }
            }
            put(line)
        }
    }

    private func hasRoom() -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        let ready = unsafe poll(&request, 1, Int32(Self.patience / .milliseconds(1)))
        return ready == 1 && request.revents & Int16(POLLOUT) != 0
    }

    private func put(_ line: String) {
        var bytes = Array(line.utf8)[...]
        while !bytes.isEmpty {
            let count = unsafe bytes.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                bytes = bytes.dropFirst(count)
            } else if errno != EINTR {
                // A log that cannot be written has nobody it could be reported to.
                return
            }
        }
    }
}
