// Standard output and standard error: what was asked for goes to the one, what is said about it to the other.

import Glibc

struct Terminal: Sendable {
    static let output = Terminal(descriptor: STDOUT_FILENO)
    static let error = Terminal(descriptor: STDERR_FILENO)

    private let descriptor: Int32
    /// Whether a person looks at it.
    let isInteractive: Bool
    private let isColoured: Bool

    private init(descriptor: Int32) {
        self.descriptor = descriptor
        isInteractive = isatty(descriptor) == 1
        // https://no-color.org: present and not empty means no colours.
        isColoured = isInteractive && Self.environment("NO_COLOR").isEmpty && Self.environment("TERM") != "dumb"
    }

    static func environment(_ name: String) -> String {
        guard let value = unsafe getenv(name) else { return "" }
        return unsafe String(cString: value)
    }

    /// Columns; nil if this is no terminal.
    var width: Int? {
        guard isInteractive else { return nil }
        var size = winsize()
        guard unsafe ioctl(descriptor, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
        return Int(size.ws_col)
    }

    func print(_ line: String) { write(Array("\(line)\n".utf8)) }

    /// Writes all of it. When nobody reads any more, the process ends quietly, as one that dies of SIGPIPE does.
    func write(_ bytes: [UInt8]) {
        if !tryToWrite(bytes) { exit(128 + SIGPIPE) }
    }

    /// - Returns: false if nobody reads any more.
    func tryToWrite(_ bytes: [UInt8]) -> Bool { Self.write(bytes, to: descriptor) }

    /// - Returns: false if it cannot be written, as `errno` says.
    static func write(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count > 0 {
                rest = rest.dropFirst(count)
            } else if errno == EAGAIN {
                var ready = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
                _ = unsafe poll(&ready, 1, -1)
            } else if errno != EINTR {
                return false
            }
        }
        return true
    }

    func paint(_ text: String, _ colour: Colour) -> String {
        isColoured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }
}

/// Colours by their codes (ECMA-48 SGR); the first eight look well on light and dark ground.
enum Colour: Int, Sendable {
    case bold = 1
    case faint = 2
    case red = 31
    case green = 32
    case yellow = 33
    case blue = 34
    case magenta = 35
    case cyan = 36
}
