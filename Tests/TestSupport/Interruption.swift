import Glibc
import UnixSignals

/// Ctrl-C and SIGTERM end the program in the ordinary way, so that what it started is stopped and its files are removed.
package enum Interruption {
    package static func heed() async {
        let signals = await UnixSignalsSequence(trapping: .sigint, .sigterm)
        Task {
            for await signal in signals { exit(128 + signal.rawValue) }
        }
    }
}
