// The express lane of `GET …/state`: the poll that everybody sends four times a second, answered on the event loop from what is ready.
// Where somebody has to look first, the answer comes later, from the same place as the route's: when thousands of clients come at
// once, after a restart, none of them needs an HTTP pipeline for its first poll and then keeps it.

import Fold
package import HTTPService
import HTTPTypes
package import NIOCore

package struct PollLaneProvider: ExpressLaneProvider {
    private let states: States

    package init(states: States) {
        self.states = states
    }

    package func makeLane(on eventLoop: any EventLoop) -> any ExpressLane { PollLane(states, on: eventLoop) }
}

final class PollLane: ExpressLane {
    /// One application as this event loop last saw it.
    private final class Place {
        let name: [UInt8]
        let live: LiveState
        var edition: UInt64
        var served: ServedState
        var etag: [UInt8]

        init(name: [UInt8], live: LiveState, edition: UInt64, served: ServedState) {
            self.name = name
            self.live = live
            self.edition = edition
            self.served = served
            etag = Array(served.etag.utf8)
        }

        /// - Returns: false if there is nothing to answer with any more.
        func refresh() -> Bool {
            guard live.edition != edition else { return true }
            let (edition, served) = live.fetch()
            guard let served else { return false }
            self.edition = edition
            self.served = served
            etag = Array(served.etag.utf8)
            return true
        }
    }

    let route = (method: HTTPRequest.Method.get, template: "/v1/apps/{app}/state")

    private let eventLoop: any EventLoop
    private let states: States
    /// By the seeded hash of the name, so that nobody can choose names that collide. Of two that do all the same, the route answers
    /// the second.
    private var places: [Int: Place] = [:]
    private let serverFields: AnswerFields

    init(_ states: States, on eventLoop: any EventLoop) {
        self.eventLoop = eventLoop
        self.states = states
        serverFields = AnswerFields(
            StateFields.fields(isPrivate: false, pollInterval: states.configuration.pollInterval))
    }

    private static let prefix: StaticString = "/v1/apps/"
    private static let suffix: StaticString = "/state"

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        let target = request.target
        return request.method == .get && request.bodyBytes == 0 && !request.isConditional && request.prefer.isEmpty
            && target.count > Self.prefix.utf8CodeUnitCount + Self.suffix.utf8CodeUnitCount
            && bytes.matches(Self.suffix, at: target.upperBound - Self.suffix.utf8CodeUnitCount)
            && bytes.matches(Self.prefix, at: target.lowerBound)
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, into answers: AnswerBuffer, later reply: () -> LaneReply
    ) -> LaneVerdict {
        let start = request.target.lowerBound + Self.prefix.utf8CodeUnitCount
        let end = request.target.upperBound - Self.suffix.utf8CodeUnitCount
        guard let place = place(of: start..<end, in: bytes), place.live.mayAnswer(at: .now()) else {
            return look(start..<end, request.ifNoneMatch, in: bytes, reply)
        }
        place.live.notePoll()
        if request.ifNoneMatch.isEmpty {
            answers.write(place.served.fullHead, serverFields, body: place.served.body)
        } else if bytes.equals(place.etag, at: request.ifNoneMatch) {
            answers.write(place.served.notModifiedHead, serverFields)
        } else if isOlder(request.ifNoneMatch, in: bytes, than: place) {
            answers.write(place.served.fullHead, serverFields, body: place.served.body)
        } else {
            return look(start..<end, request.ifNoneMatch, in: bytes, reply)
        }
        return .answered
    }

    /// Answers as the route does, which may take a look at Redis. What is no application is left to the route.
    private func look(
        _ name: Range<Int>, _ ifNoneMatch: Range<Int>, in bytes: Span<UInt8>, _ reply: () -> LaneReply
    ) -> LaneVerdict {
        guard let application = try? ApplicationID(bytes.text(in: name)) else { return .leaves }
        var question = StateQuestion(application: application)
        if !ifNoneMatch.isEmpty { question.known = KnownVersions([bytes.text(in: ifNoneMatch)]) }
        let reply = reply()
        let answering = StateAnswering(states: states)
        let promise = eventLoop.makePromise(of: Result<StateAnswer, Problem>.self)
        promise.completeWithTask { [question] in
            do throws(Problem) { return .success(try await answering.answer(question)) } catch {
                return .failure(error)
            }
        }
        promise.futureResult.assumeIsolated().whenSuccess { [serverFields] result in
            reply { answers in
                switch result {
                case .success(let answer): answers.write(answer, serverFields)
                case .failure(let problem): answers.write(problem)
                }
            }
        }
        return .later
    }

    /// Whether the client has an earlier version of the present epoch. All else, lists and unknown versions among it, needs thought.
    private func isOlder(_ field: Range<Int>, in bytes: Span<UInt8>, than place: Place) -> Bool {
        guard let version = VersionToken(bytes.text(in: field)) else { return false }
        return version.epoch == place.served.epoch && version.number < place.served.version
    }

    // MARK: Places

    private func place(of name: Range<Int>, in bytes: Span<UInt8>) -> Place? {
        let key = hash(of: name, in: bytes)
        if let place = places[key] {
            guard bytes.equals(place.name, at: name) else { return nil }
            if !place.live.isRetired { return place.refresh() ? place : nil }
            places[key] = nil
        }
        guard let application = try? ApplicationID(bytes.text(in: name)), let live = states.live(application) else {
            return nil
        }
        let (edition, served) = live.fetch()
        guard let served else { return nil }
        let place = Place(name: Array(application.description.utf8), live: live, edition: edition, served: served)
        places[key] = place
        return place
    }

    private func hash(of name: Range<Int>, in bytes: Span<UInt8>) -> Int {
        var hasher = Hasher()
        unsafe bytes.extracting(name).withUnsafeBytes { unsafe hasher.combine(bytes: $0) }
        return hasher.finalize()
    }

    /// No more places are left than the table has applications.
    func tidy() {
        places = places.filter { !$0.value.live.isRetired }
    }
}

extension AnswerBuffer {
    fileprivate func write(_ answer: StateAnswer, _ fields: AnswerFields) {
        var lines = AnswerFields(answer.fields)
        let body = answer.body
        if let body { lines.add("Content-Length", String(body.readableBytes)) }
        write(AnswerHead(answer.status, lines), fields, body: body)
    }
}
