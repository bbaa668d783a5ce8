// One run of a worker's command: input in, result out, and its end if nobody wants it any more.

import CisternClient
import Glibc
import Subprocess
import Synchronization
import SystemPackage

struct ChildRun: Sendable {
    /// One word is a line for the shell; more are a program and its arguments.
    let command: [String]
    let setpriv: String
    /// Between asking it to end and killing it.
    let grace: Duration
    /// Beside our own.
    let environment: [String: String]
    /// Of the server too.
    private static let resultBytes = 1 << 20

    /// Why it is to end before it is done.
    enum Stop: Sendable {
        /// It is asked, and killed after a while.
        case ask
        /// Somebody else does the same already.
        case kill
    }

    /// - Parameters:
    ///   - stop: is waited for, and gives why it is to end; nil if it is not to.
    ///   - line: is given each line of standard error.
    func run(
        input: [UInt8], stop: @escaping @Sendable () async -> Stop?, line: @escaping @Sendable (ChildLine) async -> Void
    ) async throws -> ChildEnding {
        var options = PlatformOptions()
        // A group of its own, to be ended with all that it has started; Ctrl-C in the terminal reaches us alone.
        options.createSession = true
        let words = launch
        let configuration = Configuration(
            executable: .path(FilePath(words[0])), arguments: Arguments(Array(words.dropFirst())),
            environment: .inherit.updating(
                Dictionary(uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
            ),
            platformOptions: options)
        let said = Said()
        let result = try await Subprocess.run(
            configuration, input: .inputWriter, output: .sequence, error: .sequence
        ) { child in
            try await withThrowingTaskGroup(of: Void.self) { group in
                let send: @Sendable (Signal) -> Void = { try? child.send(signal: $0, toProcessGroup: true) }
                group.addTask { await end(when: stop, send) }
                group.addTask {
                    // Whoever does not want it all need not read it.
                    _ = try? await child.standardInputWriter.write(input)
                    try? await child.standardInputWriter.finish()
                }
                async let lines: Void = read(child.standardError, line, noting: said)
                do {
                    let output = try await output(of: child.standardOutput)
                    try await lines
                    group.cancelAll()
                    return output
                } catch {
                    send(.kill)
                    group.cancelAll()
                    throw error
                }
            }
        }
        return ChildEnding(
            status: result.terminationStatus, output: result.closureResult, error: said.error, tail: said.tail)
    }

    private func output(of sequence: SubprocessOutputSequence) async throws -> [UInt8] {
        var output: [UInt8] = []
        for try await piece in sequence {
            unsafe piece.withUnsafeBytes { unsafe output.append(contentsOf: $0) }
            guard output.count <= Self.resultBytes else {
                throw WorkFailure(
                    code: "result-too-large",
                    message: "The command has written more than \(Wording.bytes(Self.resultBytes)) to standard output.",
                    isRetryable: false)
            }
        }
        return output
    }

    private func end(when stop: () async -> Stop?, _ send: (Signal) -> Void) async {
        switch await stop() {
        case nil: return
        case .kill: break
        case .ask:
            send(.terminate)
            do { try await Task.sleep(for: grace) } catch { return }
        }
        send(.kill)
    }

    private func read(
        _ sequence: SubprocessOutputSequence, _ line: @Sendable (ChildLine) async -> Void, noting said: Said
    ) async throws {
        for try await text in sequence.strings() {
            let parsed = ChildLine(text)
            said.note(parsed)
            await line(parsed)
        }
    }

    /// Killed with us, should we be killed; should we be gone before that is arranged for, the shell sees it by its parent.
    private var launch: [String] {
        let words = command.count == 1 ? ["/bin/sh", "-c", command[0]] : command
        return [
            setpriv, "--pdeathsig", "KILL", "--", "/bin/sh", "-c", #"[ "$PPID" = "$0" ] && exec "$@""#, "\(getpid())",
        ] + words
    }
}

/// What a command has said on standard error that is worth keeping.
private final class Said: Sendable {
    private let lines = Mutex<(error: String?, tail: [String])>((nil, []))
    /// Lines for the message of a failure.
    private static let tailLines = 10

    var error: String? { lines.withLock { $0.error } }
    var tail: [String] { lines.withLock { $0.tail } }

    func note(_ line: ChildLine) {
        lines.withLock { lines in
            switch line {
            case .progress, .checkpoint: break
            case .error(let text): lines.error = text
            case .text(let text):
                lines.tail.append(text)
                if lines.tail.count > Self.tailLines { lines.tail.removeFirst() }
            }
        }
    }
}
