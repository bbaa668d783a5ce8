import NIOCore

/// What every waiting client has to receive next; anything else is wrong.
enum Expected: Sendable {
    case text(ByteBuffer)
    /// What follows has the version in it, which nobody knows before.
    case beginning(ByteBuffer)
    case state(CountedState, Int)

    func isMet(by message: ByteBuffer) -> Bool {
        switch self {
        case .text(let text): message == text
        case .beginning(let text):
            message.getSlice(at: message.readerIndex, length: min(text.readableBytes, message.readableBytes)) == text
        case .state(let state, let number): state.number(in: message) == number
        }
    }
}
