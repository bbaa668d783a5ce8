// What a waiting client reads: cut out of a stream of bytes, whatever the way. A value; knows nothing of sockets.

import NIOCore

struct DeliveryReader {
    enum Word: Equatable {
        /// The stream or socket is there.
        case opened
        /// A whole message: the body of an answer, the data of an event, the text of a frame.
        case message(ByteBuffer)
        /// A long poll that has waited long enough; it is asked again.
        case unchanged
        /// To be answered with a pong of the same bytes.
        case ping(ByteBuffer)
    }

    /// The last answer to a long poll: what the next one says that the client has. Read when there is time.
    private(set) var answer: Answer?
    private let way: Delivery
    private var answers = AnswerReader()
    private var body: Body?

    private enum Body {
        /// In chunks, or until the end.
        case events(ChunkReader?, EventReader)
        case frames(FrameReader)
    }

    init(_ way: Delivery) {
        self.way = way
    }

    mutating func append(_ bytes: ByteBuffer) throws {
        switch body {
        case nil: answers.append(bytes)
        case .events(var chunks, var events):
            // Nobody else holds the bytes while something is added to them: else they would be copied.
            body = nil
            if chunks == nil { events.append(bytes) }
            chunks?.append(bytes)
            while let chunk = try chunks?.next() { events.append(chunk) }
            body = .events(chunks, events)
        case .frames(var frames):
            body = nil
            frames.append(bytes)
            body = .frames(frames)
        }
    }

    /// - Throws: ``Wrong`` if the server says something else than what was asked for.
    mutating func next() throws -> Word? {
        switch body {
        case nil: return way == .longPoll ? try poll() : try open()
        case .events(let chunks, var events):
            defer { body = .events(chunks, events) }
            return try events.next().map { .message($0) }
        case .frames(var frames):
            defer { body = .frames(frames) }
            while let frame = try frames.next() {
                switch frame {
                case .text(let text): return .message(text)
                case .ping(let data): return .ping(data)
                case .pong: continue
                }
            }
            return nil
        }
    }

    private mutating func poll() throws -> Word? {
        guard let answer = try answers.next() else { return nil }
        switch answer.status {
        case 200:
            self.answer = answer
            return .message(answer.body)
        case 304: return .unchanged
        default: throw Wrong("A long poll is answered \(answer.status): \(answer.text.prefix(200))")
        }
    }

    private mutating func open() throws -> Word? {
        guard let head = try answers.nextHead() else { return nil }
        let rest = answers.takeRest()
        switch way {
        case .longPoll: return nil
        case .events:
            guard head.status == 200, head.header("content-type")?.hasPrefix("text/event-stream") ?? false else {
                throw Wrong("A request for events is answered \(head.status): \(String(buffer: rest).prefix(200))")
            }
            let isChunked = head.header("transfer-encoding") == "chunked"
            body = .events(isChunked ? ChunkReader() : nil, EventReader())
        case .socket:
            guard head.status == 101, head.header("sec-websocket-accept") == Delivery.accept else {
                throw Wrong("A request for a WebSocket is answered \(head.status): \(String(buffer: rest).prefix(200))")
            }
            body = .frames(FrameReader())
        }
        try append(rest)
        return .opened
    }
}
