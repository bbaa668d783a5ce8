// Takes changes in: validates them completely, appends them, answers with their positions. It knows nothing of state and keeps no
// data; kill it at any time.

package import ChangeLog
import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import NIOCore

package struct ChangeBucket: RouteProvider {
    private let log: ChangeLog
    let commits: GroupCommits
    private let configuration: BucketConfiguration
    private let waiting: OutcomeWaiting

    package init(
        log: ChangeLog, hints: LogHints, commits: GroupCommits,
        configuration: BucketConfiguration = BucketConfiguration()
    ) {
        self.log = log
        self.commits = commits
        self.configuration = configuration
        waiting = OutcomeWaiting(log: log, hints: hints, limit: configuration.maximumWaiters)
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.put, "/changes/{change}", action: .push, push)
        routes.onApplication(.put, "/changes", action: .push, pushBatch)
        routes.onApplication(.get, "/changes/{change}", action: .push, status)
        routes.onApplication(.delete, action: .administer, delete)
    }

    // MARK: Pushing

    @Sendable private func push(_ call: Call, to application: ApplicationID) async throws -> Response {
        // The order of these checks is part of the contract.
        let id = try call.changeID()
        let typeField = call.headers[.contentType]
        guard let type = typeField.flatMap({ ContentType($0) }), type.isUTF8, let kind = PatchKind(type) else {
            throw Problem.unsupportedChangeType(typeField)
        }
        let precondition = try Precondition(call.headers)
        let body = try await call.body(
            upTo: configuration.maximumChangeBytes,
            orThrow: Problem(.changeTooLarge, "The change has more than \(configuration.maximumChangeBytes) bytes."))
        let change = try ChangeReading.change(
            id: id, kind: kind, precondition: precondition, body: body.readableBytesUInt8Span)
        try call.caller.authorize(change, to: application)
        let preferences = Preferences(call.headers)

        let appended: AppendedChange
        do { appended = try await commits.append(change, to: application) } catch { throw Problem(error) }
        var (document, isNew) = try ChangeDocument.pushed(change.id, to: application, appended)
        var didWait = false
        if let wait = preferences.wait, document.status == .pending {
            document.status = await self.outcome(of: document, waiting: wait)
            didWait = true
        }
        return PushAnswer(document, isNew: isNew, preferences, didWait: didWait).response
    }

    @Sendable private func pushBatch(_ call: Call, to application: ApplicationID) async throws -> Response {
        let typeField = call.headers[.contentType]
        guard let type = typeField.flatMap({ ContentType($0) }), type.isUTF8, type.essence == ContentType.json.essence
        else {
            throw Problem(.unsupportedChangeType, "A batch is sent as \(ContentType.json).")
                .with(header: .accept, ContentType.json.description)
        }
        let body = try await call.body(
            upTo: configuration.maximumBatchBytes,
            orThrow: Problem(.batchTooLarge, "The batch has more than \(configuration.maximumBatchBytes) bytes."))
        let changes = try ChangeReading.batch(
            body.readableBytesUInt8Span, maximumChangeBytes: configuration.maximumChangeBytes)
        for (index, change) in changes.enumerated() {
            try call.caller.authorize(change, to: application, at: "/\(index)/change")
        }
        guard !changes.isEmpty else { return .json(.array([])) }
        try call.pay(for: .push, units: changes.count)
        let answer: AppendAnswer
        do { answer = try await log.append(changes, to: application, allOrNone: true) } catch { throw Problem(error) }
        switch answer {
        case .refused(let epoch, let index, let refusal):
            throw refusal.problem(epoch).with("pointer", "/\(index)/id")
        case .done(let epoch, let outcomes):
            let results = try zip(changes, outcomes).map { change, outcome in
                let (document, isNew) = try ChangeDocument.pushed(
                    change.id, to: application, AppendedChange(epoch: epoch, outcome: outcome))
                return Document.object(document.members + [("created", .bool(isNew))])
            }
            return .json(.array(results))
        }
    }

    /// The append has succeeded, so nothing that goes wrong from here on is the answer: what is not known is pending.
    private func outcome(of document: ChangeDocument, waiting wait: Duration) async -> ChangeStatus {
        let answer = try? await waiting.outcome(
            of: document.id, in: document.application, at: document.receipt, until: .now + Waiting.hurried(wait))
        return switch answer {
        case .known(_, let status): status
        case .deleted, .unknown: .dropped
        case nil: .pending
        }
    }

    // MARK: What became of a change

    @Sendable private func status(_ call: Call, in application: ApplicationID) async throws -> Response {
        let id = try call.changeID()
        let preferences = Preferences(call.headers)
        let answer: StatusAnswer
        do {
            if let wait = preferences.wait {
                answer = try await waiting.outcome(
                    of: id, in: application, at: nil, until: .now + Waiting.hurried(wait))
            } else {
                answer = try await log.status(of: id, in: application)
            }
        } catch {
            throw Problem(error)
        }
        switch answer {
        case .unknown:
            throw Problem(
                .unknownChange, "“\(application)” has no change “\(id)”, or it was too long ago to be remembered.")
        case .deleted: throw AppendRefusal.deleted.problem(nil)
        case .known(let receipt, let status):
            let document = ChangeDocument(application: application, id: id, receipt: receipt, status: status)
            var headers = HTTPFields()
            headers[.cisternPosition] = receipt.description
            headers[.cacheControl] = "no-cache"
            headers[.preferenceApplied] = preferences.applied(wait: preferences.wait != nil)
            return .json(.object(document.members), headers: headers)
        }
    }

    // MARK: Deleting

    @Sendable private func delete(_ call: Call, _ application: ApplicationID) async throws -> Response {
        let version: VersionToken?
        switch try Precondition(call.headers) {
        case .none, .somethingApplied: version = nil
        case .version(let wanted): version = wanted
        case .nothingApplied: throw Problem(.invalidPrecondition, "If-None-Match means nothing when deleting.")
        }
        let answer: DeleteAnswer
        do { answer = try await log.delete(application, ifVersion: version) } catch { throw Problem(error) }
        switch answer {
        case .deleted: return Response(status: .noContent)
        case .unknown: throw Problem.unknownApp(application)
        case .mismatch(let present):
            throw Problem(.preconditionFailed, "The application has the version \(present).")
                .with("version", present.description)
        }
    }
}
