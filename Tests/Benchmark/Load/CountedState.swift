import NIOCore

/// A state of 1 KB with a counter in it: every answer can be checked to the byte, and says how many changes it shows.
struct CountedState: Sendable {
    private let prefix: ByteBuffer

    init(bytes: Int = 1_000) {
        prefix = ByteBuffer(string: #"{"board":\#(Board.state(bytes: bytes)),"n":"#)
    }

    func text(_ number: Int) -> String { String(buffer: prefix) + "\(number)}" }

    static func patch(_ number: Int) -> String { #"{"n":\#(number)}"# }

    /// Nil if these are other bytes than a state of this kind has.
    func number(in body: ByteBuffer) -> Int? {
        guard body.readableBytes > prefix.readableBytes + 1,
            body.getSlice(at: body.readerIndex, length: prefix.readableBytes) == prefix
        else { return nil }
        var number = 0
        let digits = body.readableBytesView.dropFirst(prefix.readableBytes)
        for byte in digits.dropLast() {
            guard byte >= 48, byte <= 57 else { return nil }
            number = number * 10 + Int(byte) - 48
        }
        return digits.last == UInt8(ascii: "}") ? number : nil
    }
}
