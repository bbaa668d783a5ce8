// Server-Sent Events for requests that only the HTTP decoder understands; the others are followers of their event loop's feed, which
// says the same with the same bytes.

import Fold
import HTTPService
import Hummingbird
import NIOCore
import ServiceLifecycle

struct EventRoute: Sendable {
    let states: States

    private static let pause: Duration = .seconds(1)

    /// The events from what the client has on, until it goes or the server stops.
    func body(_ question: StateQuestion) -> ResponseBody {
        ResponseBody { [states] writer in
            try await writer.write(EventFrame.opening)
            var lastWrite = ContinuousClock.now
            try await states.keeping(question.application) { () throws in
                var cursor = StreamCursor(question.view, after: question.known.first)
                while !Task.isShuttingDownGracefully {
                    let entry = states.poll(question.application)
                    let update = await entry.live.editions.update(cursor.step)
                    if let word = update.map({ cursor.next($0) }) ?? (entry.isUnknown ? cursor.gone() : nil) {
                        try await writer.write(EventFrame.event(word))
                        lastWrite = .now
                    } else if ContinuousClock.now - lastWrite >= EventFrame.silence {
                        try await writer.write(EventFrame.heartbeat)
                        lastWrite = .now
                    }
                    let silence = lastWrite + EventFrame.silence
                    if await !states.change(of: question.application, since: entry.generation, until: silence) {
                        // As many wait already as may: this one looks now and then.
                        try await Task.sleep(until: min(silence, .now + Self.pause))
                    }
                }
            }
            try await writer.finish(nil)
        }
    }
}
