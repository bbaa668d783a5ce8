import NIOCore

/// One client that waits for messages, on its loop.
final class Subscriber: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let channel: any Channel
    private let subscription: Subscription
    private var reader: DeliveryReader
    private var isGreeted: Bool
    /// Bytes that came.
    private(set) var bytes = 0

    /// Told once, when everything is there that comes before the first message.
    var opened: () -> Void = {}
    var received: (ByteBuffer) -> Void = { _ in }
    var failed: (any Error) -> Void = { _ in }

    init(_ channel: any Channel, _ subscription: Subscription) {
        self.channel = channel
        self.subscription = subscription
        reader = DeliveryReader(subscription.way)
        isGreeted = !subscription.greets
    }

    /// The first request, or the next long poll. What the last answer says is read here and not when it comes: that would be time of
    /// those who come after it.
    func ask() {
        let answer = reader.answer
        channel.writeAndFlush(
            subscription.way.request(
                subscription.path, etag: answer?.etag ?? subscription.etag, modified: answer?.header("last-modified")),
            promise: nil)
        // A long poll has nothing to wait for before its answer.
        if subscription.way == .longPoll { tellOpened() }
    }

    private func tellOpened() {
        opened()
        opened = {}
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let part = unwrapInboundIn(data)
        bytes += part.readableBytes
        do {
            try reader.append(part)
            while let word = try reader.next() { take(word) }
        } catch {
            fail(error)
        }
    }

    private func take(_ word: DeliveryReader.Word) {
        switch word {
        case .opened: if isGreeted { tellOpened() }
        case .unchanged: ask()
        case .ping(let data): channel.writeAndFlush(FrameReader.pong(data), promise: nil)
        case .message(let message):
            if isGreeted { return received(message) }
            isGreeted = true
            tellOpened()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(Wrong("The server closed the connection of a client that waits."))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(error)
    }

    private func fail(_ error: any Error) {
        failed(error)
        close()
    }

    /// Also lets go of whoever is told.
    func close() {
        opened = {}
        received = { _ in }
        failed = { _ in }
        channel.close(promise: nil)
    }
}

/// What clients subscribe to.
struct Subscription: Sendable {
    let way: Delivery
    let path: String
    /// What a long poll has from the beginning, if anything.
    var etag: String?
    /// Whether the server speaks first, with what there is.
    var greets = false
}
