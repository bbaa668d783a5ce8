// The express lane of `GET …/state`: the poll that everybody sends four times a second, answered on the event loop from what is ready.
//
// What needs more thought is answered later, from the same place as the route's: when thousands of clients come at once, after a
// restart, none of them needs an HTTP pipeline for its first poll and then keeps it. Those who wait for the next version, and those
// who want events, wait on the front of their connection as followers of this event loop's feed.

import ChangeLog
import Fold
package import HTTPService
import HTTPTypes
package import NIOCore

package struct PollLaneProvider: ExpressLaneProvider {
    private let states: States
    private let feeds: FeedsOfLoops

    package init(states: States, feeds: FeedsOfLoops) {
        self.states = states
        self.feeds = feeds
    }

    package func makeLane(on eventLoop: any EventLoop) -> any ExpressLane {
        PollLane(states, feeds.on(eventLoop), on: eventLoop)
    }
}

final class PollLane: ExpressLane {
    let route = (method: HTTPRequest.Method.get, template: ApplicationPath.template("/state"))

    private let eventLoop: any EventLoop
    private let states: States
    private let answering: StateAnswering
    private let feeds: Feeds
    private var places: PollPlaces
    private var lastTold = ContinuousClock.now
    private var cadence: Cadence
    private var serverFields: ServerFields

    init(_ states: States, _ feeds: Feeds, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.states = states
        answering = StateAnswering(states: states)
        self.feeds = feeds
        places = PollPlaces(of: states)
        cadence = Cadence(states.configuration.pollInterval)
        serverFields = ServerFields(cadence)
    }

    let action: Action? = .poll

    /// What depends on the server and on who asks.
    private struct ServerFields {
        private let open: AnswerFields
        private let own: AnswerFields

        init(_ cadence: Cadence) {
            open = AnswerFields(StateFields.fields(isPrivate: false, pollInterval: cadence.interval))
            own = AnswerFields(StateFields.fields(isPrivate: true, pollInterval: cadence.interval))
        }

        func fields(for caller: Caller) -> AnswerFields { caller.isAuthenticated ? own : open }
    }

    func tidy(load: Double) {
        tellPolls()
        places.tidy()
        guard cadence.observe(load: load) else { return }
        serverFields = ServerFields(cadence)
        states.pollInterval = cadence.interval
    }

    private func tellPolls() {
        let now = ContinuousClock.now
        states.counts.tell(Activity.polls(places.takePolls(), over: now - lastTold), by: .polls, of: eventLoop)
        lastTold = now
    }

    // MARK: Requests

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        guard request.method == .get, request.bodyBytes == 0, !request.isConditional, !request.isUpgrade,
            let path = ApplicationPath(request.target, in: bytes)
        else { return false }
        return path.names(Self.resource, in: bytes)
    }

    private static let resource: StaticString = "/state"

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict {
        guard let path = ApplicationPath(request.target, in: bytes) else { return .leaves }
        if isOrdinary(request, path, from: caller, in: bytes),
            let (place, seen) = places.look(at: path.name, in: bytes),
            seen.live.mayAnswer(at: .now()), let form = form(of: request, bytes, from: seen),
            answer(form, from: seen, of: place, for: caller, into: answers)
        {
            return .answered(LaneNote(place, edition: seen.edition, form: form.rawValue))
        }
        places.countPoll(of: path.name, in: bytes)
        // What is no application is left to the route.
        guard let application = try? ApplicationID(bytes.text(in: path.name)) else { return .leaves }
        do throws(Problem) {
            let question = try StateQuestion(
                application: application, query: request.query(path, in: bytes), headers: request.fields(in: bytes),
                from: caller)
            return think(about: question, into: answers, reply)
        } catch {
            answers.write(error)
            return .answered()
        }
    }

    /// Whether the request asks for the whole state as it is now, and nothing else.
    private func isOrdinary(
        _ request: ScannedRequest, _ path: ApplicationPath, from caller: Caller, in bytes: Span<UInt8>
    ) -> Bool {
        request.isPlain && !caller.hasPollParts && request.prefer.isEmpty
            && path.rest.count == Self.resource.utf8CodeUnitCount
            && !bytes.accepts("text/event-stream", in: request.accept)
    }

    // MARK: Answers

    /// What is answered to an ordinary request.
    private enum Form: UInt8 {
        case full, gzip, notModified, weakNotModified
    }

    /// Nil if that needs thought.
    private func form(of request: ScannedRequest, _ bytes: Span<UInt8>, from seen: PollPlace.Seen) -> Form? {
        var isCoded = false
        if !request.acceptEncoding.isEmpty, seen.served.content.isWorthCompressing {
            guard bytes.isPlainList(request.acceptEncoding) else { return nil }
            isCoded = bytes.accepts("gzip", in: request.acceptEncoding)
        }
        if !request.ifNoneMatch.isEmpty {
            if seen.isVersion(request.ifNoneMatch, in: bytes) { return isCoded ? .weakNotModified : .notModified }
            guard seen.isOlder(request.ifNoneMatch, in: bytes) else { return nil }
        }
        return isCoded ? .gzip : .full
    }

    /// - Returns: false if that needs thought; then nothing was written.
    private func answer(
        _ form: Form, from seen: PollPlace.Seen, of place: PollPlace, for caller: Caller, into answers: AnswerBuffer
    ) -> Bool {
        let serverFields = serverFields.fields(for: caller)
        switch form {
        case .full: answers.write(seen.served.fullHead, serverFields, body: seen.served.body)
        case .gzip:
            guard let gzip = seen.gzip else { return false }
            answers.write(gzip, serverFields)
        case .notModified: answers.write(seen.served.notModifiedHead, serverFields)
        case .weakNotModified: answers.write(seen.served.weakNotModifiedHead, serverFields)
        }
        seen.live.notePoll()
        place.countPoll()
        return true
    }

    /// The same bytes about the same edition have the same answer.
    func answerAgain(like note: LaneNote, from caller: Caller, into answers: AnswerBuffer) -> Bool {
        guard let place = note.subject as? PollPlace, let seen = place.seen, seen.edition == note.edition,
            let form = Form(rawValue: note.form), seen.isCurrent, seen.live.isFresh(at: .now())
        else { return false }
        return answer(form, from: seen, of: place, for: caller, into: answers)
    }

    /// Answers as the route does, which may have to look at Redis, to work something out or to wait.
    private func think(
        about question: StateQuestion, into answers: AnswerBuffer, _ reply: () -> LaneReply
    ) -> LaneVerdict {
        do throws(Problem) {
            if !question.wantsEvents, let outcome = try answering.now(question) {
                switch outcome {
                case .answer(let answer): answers.write(PreparedAnswer(answer), fields(for: question, .unneeded))
                case .wait(let wait):
                    let reply = reply()
                    // A reply is not given before this has returned.
                    eventLoop.assumeIsolated().execute { self.follow(wait, reply) }
                    return .later
                }
                return .answered()
            }
        } catch {
            answers.write(error)
            return .answered()
        }
        later(question, reply())
        return .later
    }

    private enum Thought: Sendable {
        case outcome(StateWait.Outcome)
        case events
        case problem(Problem)
    }

    private func later(_ question: StateQuestion, _ reply: LaneReply) {
        let promise = eventLoop.makePromise(of: Thought.self)
        let task = promise.completeWithTask { [answering] in
            do throws(Problem) {
                guard question.wantsEvents else { return .outcome(try await answering.begin(question)) }
                _ = try await answering.prepare(question)
                return .events
            } catch {
                return .problem(error)
            }
        }
        // What takes only as long as a look at Redis is finished even for a peer that has sent all it will.
        if question.atLeast != nil { reply.listen(Thinking(task)) }
        promise.futureResult.assumeIsolated().whenSuccess { [self] thought in
            switch thought {
            case .outcome(.answer(let answer)):
                reply { $0.write(PreparedAnswer(answer), fields(for: question, .unneeded)) }
            case .outcome(.wait(let wait)): follow(wait, reply)
            case .events: stream(question, reply)
            case .problem(let problem): reply { $0.write(problem) }
            }
        }
    }

    private func fields(for question: StateQuestion, _ course: WaitCourse) -> AnswerFields {
        var fields = serverFields.fields(for: question.caller)
        guard let applied = question.preferenceApplied(course) else { return fields }
        fields.add("Preference-Applied", applied)
        return fields
    }

    // MARK: Followers

    private func follow(_ wait: StateWait, _ reply: LaneReply) {
        let feed = feeds.feed(of: wait.question.application)
        let poll = LongPoll(
            wait, feed: feed, feeds: feeds, reply: reply, fields: fields(for: wait.question, .waited))
        if feeds.join(poll, feed) { return poll.start() }
        // As many wait as may: answered as if it did not want to wait, and told so.
        do throws(Problem) {
            let answer = PreparedAnswer(try wait.end(feed.whatIsServed))
            reply { $0.write(answer, fields(for: wait.question, .refused)) }
        } catch {
            reply { $0.write(error) }
        }
    }

    private func stream(_ question: StateQuestion, _ reply: LaneReply) {
        EventStream(question, in: feeds).start(reply, serverFields.fields(for: question.caller))
    }
}

/// Somebody's answer is being looked for, which may take as long as they wait. If the peer has gone, or the server stops, the answer is
/// what is known by then.
private final class Thinking: LaneWaiter {
    private let task: Task<Void, Never>

    init(_ task: Task<Void, Never>) {
        self.task = task
    }

    func peerLeft() { task.cancel() }
    func answerNow(_ reason: LaneHurry) {
        switch reason {
        case .serverStops: task.cancel()
        // It may still read, and what it waits for has an end.
        case .peerHasFinished: break
        }
    }
    func writableAgain() {}
}

extension ScannedRequest {
    /// The fields that decide about a state, for those who read them in full.
    fileprivate func fields(in bytes: Span<UInt8>) -> HTTPFields {
        var fields = HTTPFields()
        for (name, value) in [
            (HTTPField.Name.accept, accept), (.acceptEncoding, acceptEncoding), (.aIM, aIM),
            (.ifNoneMatch, ifNoneMatch),
            (.lastEventID, lastEventID), (.prefer, prefer),
        ] where !value.isEmpty {
            fields[name] = bytes.text(in: value)
        }
        return fields
    }

    fileprivate func query(_ path: ApplicationPath, in bytes: Span<UInt8>) -> Query {
        var start = path.rest.lowerBound
        while start < path.rest.upperBound, bytes[start] != UInt8(ascii: "?") { start += 1 }
        guard start < path.rest.upperBound else { return Query(nil) }
        return Query(bytes.text(in: (start + 1)..<path.rest.upperBound))
    }
}
