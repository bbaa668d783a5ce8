// Server-Sent Events for requests that only the HTTP decoder understands: the same stream on the same feed as a lane's, whose reader is
// the task of a route.

import HTTPService
import NIOCore
import Synchronization

/// A stream from which one task takes a piece at a time. It ends with the last reference at the latest.
final class PulledEvents: Sendable {
    private let eventLoop: any EventLoop
    private let source: NIOLoopBound<Source>

    private init(_ source: Source, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.source = NIOLoopBound(source, eventLoop: eventLoop)
    }

    deinit { eventLoop.execute { [source] in source.value.finish() } }

    /// Opens a stream.
    static func open(
        _ question: StateQuestion, _ feeds: FeedsOfLoops, on eventLoop: any EventLoop
    ) async throws(Problem) -> PulledEvents {
        let opening = eventLoop.submit {
            Result { () throws(Problem) in
                let stream = EventStream(question, in: feeds.on(eventLoop))
                try stream.join()
                return PulledEvents(Source(stream, on: eventLoop), on: eventLoop)
            }
        }
        // An event loop that is shut down has no connections that could ask.
        do { return try await opening.get().get() } catch let problem as Problem { throw problem } catch {
            throw Problem(.internalError, "The connection's event loop has ended.")
        }
    }

    /// The next piece, as soon as there is one; nil at the end. One call at a time.
    func next() async throws -> ByteBuffer? { try await eventLoop.flatSubmit { [source] in source.value.next() }.get() }

    /// Ends the stream, whoever waits for its next piece. Doing it twice does no harm.
    func end() { eventLoop.execute { [source] in source.value.finish() } }
}

/// The stream's end on its event loop: what the task has asked for, and has not got yet.
private final class Source: EventSink {
    private let stream: EventStream
    private let eventLoop: any EventLoop
    private var hasBegun = false
    private var hasEnded = false
    /// What was sent before it was asked for: the opening alone.
    private var ready: ByteBuffer?
    private var asked: EventLoopPromise<ByteBuffer?>?

    init(_ stream: EventStream, on eventLoop: any EventLoop) {
        self.stream = stream
        self.eventLoop = eventLoop
    }

    var isWritable: Bool { asked != nil }

    func send(_ frame: EventFrame) {
        guard let asked else {
            ready = frame.content
            return
        }
        self.asked = nil
        asked.succeed(frame.content)
    }

    func end() {
        hasEnded = true
        asked?.succeed(nil)
        asked = nil
    }

    func next() -> EventLoopFuture<ByteBuffer?> {
        if !hasBegun {
            hasBegun = true
            stream.begin(self)
        }
        if hasEnded { return eventLoop.makeSucceededFuture(nil) }
        if let ready {
            self.ready = nil
            return eventLoop.makeSucceededFuture(ready)
        }
        let promise = eventLoop.makePromise(of: ByteBuffer?.self)
        asked = promise
        stream.writableAgain()
        return promise.futureResult
    }

    func finish() {
        guard !hasEnded else { return }
        stream.answerNow(.peerHasFinished)
        end()
    }
}
