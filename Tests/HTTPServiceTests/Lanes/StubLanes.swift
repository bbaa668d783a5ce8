import Documents
import HTTPService
import HTTPTypes
import NIOCore
import Synchronization

/// Lanes that answer `GET …/state` of some applications: `now…` at once, `later…` when the test says so or the lane's next turn,
/// `big…` with a body of so many bytes, `noted…` from its note if it comes again, `leave…` never. `PUT …/changes/{change}` to `now` is answered with its body.
final class StubLanes: ExpressLaneProvider {
    /// How many requests lanes have answered or taken.
    let taken = Atomic(0)
    /// How many they were asked to answer, those that they left included.
    let asked = Atomic(0)
    /// What notes are about. Answers that were noted for another edition are given anew.
    let edition = Atomic<UInt64>(0)
    /// Whether replies wait for `release`.
    private let holdsReplies: Bool
    private let lanes = Mutex<[NIOLoopBound<StubLane>]>([])

    init(holdsReplies: Bool = false) { self.holdsReplies = holdsReplies }

    func makeLane(on eventLoop: any EventLoop) -> any ExpressLane {
        let lane = StubLane(self, on: eventLoop, holdsReplies: holdsReplies)
        lanes.withLock { $0.append(NIOLoopBound(lane, eventLoop: eventLoop)) }
        return lane
    }

    /// Gives all replies that are owed.
    func release() async throws {
        for lane in lanes.withLock({ $0 }) { try await lane.eventLoop.submit { lane.value.release() }.get() }
    }

    var takenCount: Int { taken.load(ordering: .sequentiallyConsistent) }
    var askedCount: Int { asked.load(ordering: .sequentiallyConsistent) }
}

final class StubLane: ExpressLane {
    let route = (method: HTTPRequest.Method.get, template: "/v1/apps/{app}/state")
    let action: Action? = .poll

    private unowned let provider: StubLanes
    private let eventLoop: any EventLoop
    private let holdsReplies: Bool
    private var owed: [(reply: LaneReply, name: String)] = []

    init(_ provider: StubLanes, on eventLoop: any EventLoop, holdsReplies: Bool) {
        self.provider = provider
        self.eventLoop = eventLoop
        self.holdsReplies = holdsReplies
    }

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        guard request.method != .other else { return false }
        let name = name(request, bytes)
        return ["now", "later", "big", "noted", "leave"].contains { name.hasPrefix($0) }
    }

    private func name(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> String {
        let parts = bytes.text(in: request.target).split(separator: "/")
        return parts.count > 2 ? String(parts[2]) : ""
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict {
        let name = name(request, bytes)
        provider.asked.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if name.hasPrefix("leave") { return .leaves }
        provider.taken.wrappingAdd(1, ordering: .sequentiallyConsistent)
        if name.hasPrefix("later") {
            owed.append((reply(), name))
            if !holdsReplies { eventLoop.assumeIsolated().execute { self.release() } }
            return .later
        }
        if name.hasPrefix("big"), let count = Int(name.dropFirst(3)) {
            Self.write(String(repeating: "b", count: count), to: answers)
        } else {
            let body = request.bodyBytes > 0 ? " " + bytes.text(in: request.headBytes..<request.bytes) : ""
            Self.write("lane \(name)\(body)", to: answers)
        }
        guard name.hasPrefix("noted"), let number = UInt8(name.dropFirst(5)) else { return .answered() }
        return .answered(LaneNote(self, edition: provider.edition.load(ordering: .relaxed), form: number))
    }

    func answerAgain(like note: LaneNote, from caller: Caller, into answers: AnswerBuffer) -> Bool {
        guard note.subject === self, note.edition == provider.edition.load(ordering: .relaxed) else { return false }
        Self.write("lane noted\(note.form) again", to: answers)
        return true
    }

    func release() {
        let owed = owed
        self.owed = []
        for (reply, name) in owed { reply { Self.write("lane \(name)", to: $0) } }
    }

    func tidy(load: Double) {}

    private static func write(_ text: String, to answers: AnswerBuffer) {
        var fields = AnswerFields()
        fields.add("Content-Length", String(text.utf8.count))
        answers.write(AnswerHead(.ok), fields, body: ByteBuffer(string: text))
    }
}

/// A poll of an application, as bytes.
func poll(_ name: String, path: String = "state", _ fields: String = "") -> String {
    "GET /v1/apps/\(name)/\(path) HTTP/1.1\r\nHost: x\r\n\(fields)\r\n"
}

/// What an answer says about who gave it: “lane now1” or “route a”.
extension RawResponse {
    var origin: String {
        if body.hasPrefix("lane ") { return body }
        return ((try? document["app"]?.stringValue).flatMap { $0 }).map { "route \($0)" }
            ?? "\(status) \(body.prefix(100))"
    }
}
