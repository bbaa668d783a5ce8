// The express lane of `PUT …/changes/{change}`: a single change without precondition, validated on the event loop and appended with all
// others of the same turn. Whatever is wrong with a request is explained by the route.

import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import LogAnswers
package import NIOCore

extension ChangeBucket: ExpressLaneProvider {
    package func makeLane(on eventLoop: any EventLoop) -> any ExpressLane { PushLane(commits, on: eventLoop) }
}

final class PushLane: ExpressLane {
    let route = (method: HTTPRequest.Method.put, template: "/v1/apps/{app}/changes/{change}")

    private let commits: GroupCommit?

    init(_ commits: GroupCommits, on eventLoop: any EventLoop) {
        self.commits = commits.on(eventLoop)
    }

    private static let prefix: StaticString = "/v1/apps/"
    private static let infix: StaticString = "/changes/"

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        request.method == .put && request.bodyBytes > 0 && !request.isConditional && request.ifNoneMatch.isEmpty
            && bytes.matches(Self.prefix, at: request.target.lowerBound)
            && kind(request.contentType, in: bytes) != nil && preferences(request.prefer, in: bytes) != nil
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, into answers: AnswerBuffer, later reply: () -> LaneReply
    ) -> LaneVerdict {
        guard let commits, let kind = kind(request.contentType, in: bytes),
            let preferences = preferences(request.prefer, in: bytes),
            let (application, id) = names(request.target, in: bytes),
            let patch = try? Patch(parsing: bytes.extracting(request.headBytes..<request.bytes), kind: kind)
        else { return .leaves }
        let reply = reply()
        commits.append(Change(id: id, precondition: .none, patch: patch), to: application) { result in
            reply { answers in
                do throws(Problem) {
                    try Self.answer(result, for: id, to: application, preferences).write(into: answers)
                } catch {
                    answers.write(error)
                }
            }
        }
        return .later
    }

    func tidy() {}

    private static func answer(
        _ result: Result<AppendedChange, LogError>, for id: ChangeID, to application: ApplicationID,
        _ preferences: Preferences
    ) throws(Problem) -> PushAnswer {
        let appended: AppendedChange
        do { appended = try result.get() } catch { throw Problem(error) }
        let (document, isNew) = try ChangeDocument.pushed(id, to: application, appended)
        return PushAnswer(document, isNew: isNew, preferences)
    }

    // MARK: Reading

    /// The spellings that clients use; the route knows the others.
    private func kind(_ field: Range<Int>, in bytes: Span<UInt8>) -> PatchKind? {
        func holds(_ text: StaticString) -> Bool {
            field.count == text.utf8CodeUnitCount && bytes.matches(text, at: field.lowerBound)
        }
        if holds("application/merge-patch+json") || holds("application/json") { return .mergePatch }
        if holds("application/json-patch+json") { return .jsonPatch }
        return holds("application/vnd.cistern.patch+json") ? .cisternPatch : nil
    }

    private func preferences(_ field: Range<Int>, in bytes: Span<UInt8>) -> Preferences? {
        if field.isEmpty { return Preferences.none }
        let minimal: StaticString = "return=minimal"
        guard field.count == minimal.utf8CodeUnitCount, bytes.matches(minimal, at: field.lowerBound) else { return nil }
        return .minimal
    }

    private func names(_ target: Range<Int>, in bytes: Span<UInt8>) -> (ApplicationID, ChangeID)? {
        let start = target.lowerBound + Self.prefix.utf8CodeUnitCount
        var end = start
        while end < target.upperBound, bytes[end] != UInt8(ascii: "/") { end += 1 }
        guard bytes.matches(Self.infix, at: end) else { return nil }
        let change = end + Self.infix.utf8CodeUnitCount
        guard change < target.upperBound, let application = try? ApplicationID(bytes.text(in: start..<end)),
            let id = try? ChangeID(bytes.text(in: change..<target.upperBound))
        else { return nil }
        return (application, id)
    }
}
