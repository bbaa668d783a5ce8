import NIOCore

/// What every waiting client has to receive next; anything else is wrong.
enum Expected: Sendable {
    case text(ByteBuffer)
    /// What follows has the version in it, which nobody knows before.
    case beginning(ByteBuffer)
    case state(CountedState, Int)

    /// The version that ``CountedState/patch(_:)`` makes.
    static func version(_ number: Int, of state: CountedState, by way: Delivery) -> Expected {
        let patch = CountedState.patch(number)
        return switch way {
        case .longPoll: .state(state, number)
        case .events: .text(ByteBuffer(string: patch))
        case .socket: .beginning(ByteBuffer(string: #"{"patch":\#(patch),"from":"#))
        }
    }

    func isMet(by message: ByteBuffer) -> Bool {
        switch self {
        case .text(let text): message == text
        case .beginning(let text):
            message.getSlice(at: message.readerIndex, length: min(text.readableBytes, message.readableBytes)) == text
        case .state(let state, let number): state.number(in: message) == number
        }
    }
}
