// The logs of all processes in one place: each line with the name of who wrote it, in a column and a colour of its own.

import Synchronization

final class RunLog: Sendable {
    /// Characters for names.
    private let width: Int
    private let terminal: Terminal
    private let colours: [String: Colour]
    /// Lines are written one at a time.
    private let writing = Mutex(())

    init(names: [String], terminal: Terminal = .error) {
        self.terminal = terminal
        width = names.map(\.count).max() ?? 0
        let palette: [Colour] = [.cyan, .magenta, .green, .blue, .yellow]
        colours = Dictionary(
            names.enumerated().map { ($1, palette[$0 % palette.count]) }, uniquingKeysWith: { first, _ in first })
    }

    /// - Parameter isUrgent: shown so that it is not overlooked.
    func write(_ line: String, from name: String, isUrgent: Bool = false) {
        let padded = name + String(repeating: " ", count: max(0, width - name.count))
        let prefix = terminal.paint("\(padded) |", colours[name] ?? .bold)
        let text = isUrgent ? terminal.paint(line, .red) : line
        // Where nobody reads any more, the servers go on all the same.
        writing.withLock { _ in _ = terminal.tryToWrite(Array("\(prefix) \(text)\n".utf8)) }
    }
}
