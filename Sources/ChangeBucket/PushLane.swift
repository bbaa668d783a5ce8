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
    let route = (method: HTTPRequest.Method.put, template: ApplicationPath.template("/changes/{change}"))

    private let commits: GroupCommit?

    init(_ commits: GroupCommits, on eventLoop: any EventLoop) {
        self.commits = commits.on(eventLoop)
    }

    let action: Action? = .push

    private static let infix: StaticString = "/changes/"

    func wants(_ request: ScannedRequest, _ bytes: Span<UInt8>) -> Bool {
        request.method == .put && request.bodyBytes > 0 && request.isPlain && request.ifNoneMatch.isEmpty
            // Another action may be asked for at every other path.
            && ApplicationPath(request.target, in: bytes).map { bytes.matches(Self.infix, at: $0.rest.lowerBound) }
                ?? false
            && kind(request.contentType, in: bytes) != nil && preferences(request.prefer, in: bytes) != nil
    }

    func answer(
        _ request: ScannedRequest, _ bytes: Span<UInt8>, from caller: Caller, into answers: AnswerBuffer,
        later reply: () -> LaneReply
    ) -> LaneVerdict {
        guard let commits, let kind = kind(request.contentType, in: bytes),
            let preferences = preferences(request.prefer, in: bytes),
            let (application, id) = names(request.target, in: bytes),
            let change = try? Change(
                id: id, precondition: .none, kind: kind,
                parsing: bytes.extracting(request.headBytes..<request.bytes))
        else { return .leaves }
        do { try caller.authorize(change, to: application) } catch {
            answers.write(error)
            return .answered()
        }
        let reply = reply()
        commits.append(change, to: application) { result in
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

    func tidy(load: Double) {}

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
        if bytes.holds("application/merge-patch+json", at: field) || bytes.holds("application/json", at: field) {
            return .mergePatch
        }
        if bytes.holds("application/json-patch+json", at: field) { return .jsonPatch }
        return bytes.holds("application/vnd.cistern.patch+json", at: field) ? .cisternPatch : nil
    }

    private func preferences(_ field: Range<Int>, in bytes: Span<UInt8>) -> Preferences? {
        if field.isEmpty { return Preferences.none }
        return bytes.holds("return=minimal", at: field) ? .minimal : nil
    }

    private func names(_ target: Range<Int>, in bytes: Span<UInt8>) -> (ApplicationID, ChangeID)? {
        guard let path = ApplicationPath(target, in: bytes), bytes.matches(Self.infix, at: path.rest.lowerBound) else {
            return nil
        }
        let change = path.rest.lowerBound + Self.infix.utf8CodeUnitCount
        guard change < target.upperBound, let application = try? ApplicationID(bytes.text(in: path.name)),
            let id = try? ChangeID(bytes.text(in: change..<target.upperBound))
        else { return nil }
        return (application, id)
    }
}
