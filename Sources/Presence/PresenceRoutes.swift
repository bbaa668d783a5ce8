// PUT, DELETE and GET below …/presence: who is here.

import Documents
import Fold
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers

package struct PresenceRoutes: RouteProvider {
    private let presences: Presences

    package init(presences: Presences) {
        self.presences = presences
    }

    package func addRoutes(to routes: inout Routes) {
        routes.onApplication(.put, "/presence/{client}", action: .push, put)
        routes.onApplication(.delete, "/presence/{client}", action: .push, remove)
        routes.onApplication(.get, "/presence", action: .poll, everybody)
    }

    @Sendable private func put(_ call: Call, in application: ApplicationID) async throws -> Response {
        // The order of these checks is part of the contract.
        let client = try call.clientID()
        let typeField = call.headers[.contentType]
        guard let type = typeField.flatMap({ ContentType($0) }), type.isUTF8, type.essence == ContentType.json.essence
        else {
            throw Problem(.unsupportedPresenceType, "A client's presence is sent as \(ContentType.json).")
                .with(header: .accept, ContentType.json.description)
        }
        let life = try call.query.integer("ttl", in: PresenceConfiguration.lives).map { Duration.seconds($0) }
        let limit = presences.configuration.documentBytes
        let body = try await call.body(
            upTo: limit, orThrow: Problem(.presenceTooLarge, "The client's document has more than \(limit) bytes."))
        let document: Document
        do { document = try Document(parsing: body.readableBytesUInt8Span) } catch { throw Problem(error) }
        do {
            let saying = try presences.put(
                client, document, for: life ?? PresenceConfiguration.usualLife, in: application)
            return Response(status: saying.isNew ? .created : .noContent)
        } catch {
            throw Problem(error)
        }
    }

    @Sendable private func remove(_ call: Call, from application: ApplicationID) async throws -> Response {
        let client = try call.clientID()
        do { try presences.remove(client, from: application) } catch { throw Problem(error) }
        return Response(status: .noContent)
    }

    @Sendable private func everybody(_ call: Call, in application: ApplicationID) async throws -> Response {
        let preferences = Preferences(call.headers)
        let known = KnownTags(call.headers)
        let wait = known == .none ? nil : preferences.wait
        let deadline = wait.map { ContinuousClock.now + Waiting.hurried(call.caller.time(upTo: $0)) }
        let content: PresenceContent
        do {
            content = try await call.whileConnected { [presences] () throws(PresenceRefusal) in
                try await presences.content(of: application, differingFrom: known, until: deadline)
            }
        } catch {
            throw Problem(error)
        }
        try call.caller.stillThere()
        var headers = HTTPFields()
        headers[.eTag] = content.etag
        headers[.cacheControl] = "no-cache"
        headers[.preferenceApplied] = preferences.applied(wait: wait != nil)
        guard !known.contains(content.etag) else { return Response(status: .notModified, headers: headers) }
        headers[.contentType] = ContentType.json.description
        return Response(status: .ok, headers: headers, body: ResponseBody(byteBuffer: content.body))
    }
}

extension Call {
    fileprivate func clientID() throws(Problem) -> ClientID {
        do { return try ClientID(try parameter("client")) } catch let problem as Problem { throw problem } catch {
            throw Problem(.invalidID, "\(error)")
        }
    }
}

extension Problem {
    package init(_ refusal: PresenceRefusal) {
        switch refusal {
        case .documentTooLarge(let limit):
            self = Problem(.presenceTooLarge, "The client's document has more than \(limit) bytes.")
                .with("limit", limit)
        case .tooManyClients(let limit):
            self = Problem(.presenceFull, "\(limit) clients are present in this application, as many as may be.")
                .with("limit", limit).retry(after: Self.roomDelay)
        case .tooManyApplications(let limit):
            self = Problem(
                .presenceFull, "This server follows the presence of \(limit) applications, as many as may be."
            )
            .with("limit", limit).retry(after: Self.roomDelay)
        case .noRoom:
            self = Problem(.presenceFull, "This server has no memory left for clients' presence.")
                .retry(after: Self.roomDelay)
        }
    }

    /// A third of a client's usual life: by then those who do not renew begin to go.
    private static let roomDelay: Duration = .seconds(10)
}
