// The express lanes: what answers a request from its bytes, on the event loop, before any HTTP decoder has seen it.
//
//     bytes ─▶ ConnectionFront ─▶ RequestScan ─▶ lane ─▶ bytes
//                    │                             │ “not mine”
//                    └──────▶ HTTP pipeline ◀──────┘   (built when the first request needs it)
//
// A lane only takes requests whose answer it can give exactly as the route would; everything else it leaves to the route, so there
// is one contract and the lanes can be switched off. Then only the first request of each connection is looked at, by lanes that are the
// only way to what they do, and everything else is the decoder's.

package import HTTPTypes
package import NIOCore

/// Makes a lane for each event loop, so that nothing on the way of a request is shared between threads.
package protocol ExpressLaneProvider: Sendable {
    /// Whether no route can do what the lane does. Such a lane asks for permission itself, and is there when the others are switched off.
    var isOnlyWay: Bool { get }

    /// Called once per event loop, on it.
    func makeLane(on eventLoop: any EventLoop) -> any ExpressLane
}

extension ExpressLaneProvider {
    package var isOnlyWay: Bool { false }
}

/// One lane on one event loop.
package protocol ExpressLane: AnyObject {
    /// The route whose requests it answers, as the metrics name it.
    var route: (method: HTTPRequest.Method, template: String) { get }

    /// What its requests do. Nil if the handlers that it hands connections to ask themselves who is there.
    var action: Action? { get }

    /// Whether the request looks like one of this lane's, judged from its head alone. What does not, leaves at once.
    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool

    /// Answers a request that is there with its body.
    ///
    /// - Parameters:
    ///   - bytes: Begins with the request; more may follow.
    ///   - caller: Who sends it, and may do this to the application in the path.
    ///   - answers: Where the answer goes.
    ///   - reply: For an answer that comes later.
    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict

    /// Answers a request that came before on this event loop, byte for byte.
    ///
    /// - Parameter note: What the lane noted when it answered last.
    /// - Returns: false if it has to think again; then nothing was written.
    func answerAgain(like note: LaneNote, from caller: Caller, into answers: AnswerBuffer) -> Bool

    /// Now and then, about once a second: lets go of what nobody asked for any more.
    ///
    /// - Parameter load: The share of the time since the last call in which the event loop's thread was busy: 0 to 1.
    func tidy(load: Double)
}

extension ExpressLane {
    package func answerAgain(like note: LaneNote, from caller: Caller, into answers: AnswerBuffer) -> Bool { false }
}

/// What a lane wants to find again when the same request comes again, on whichever of the event loop's connections.
package struct LaneNote {
    package let subject: AnyObject
    /// What was answered about the subject, in the lane's own terms.
    package let edition: UInt64
    package let form: UInt8

    package init(_ subject: AnyObject, edition: UInt64, form: UInt8) {
        self.subject = subject
        self.edition = edition
        self.form = form
    }
}

package enum LaneVerdict {
    /// The answer has been written.
    case answered(LaneNote? = nil)
    /// The reply will bring it. Until then no further request of the connection is looked at.
    case later
    /// The connection belongs to handlers of the lane's from here on, which get this request's bytes first.
    case takes(any ConnectionTaker)
    /// The route has to answer.
    case leaves
}
