// What the sockets of one event loop talk to: followers of its feeds, whose changes are appended as those of everybody else.

import ChangeLog
import Fold
import HTTPService
import LogAnswers
import NIOCore
import Presence
import Sockets

final class StateRoom: SocketRoom {
    private let answering: StateAnswering
    private let feeds: Feeds
    private let commits: GroupCommit
    private let eventLoop: any EventLoop
    private var followers: [ObjectIdentifier: SocketFollower] = [:]
    /// Clients that have come and whose state is being looked for.
    private var arriving: Set<ObjectIdentifier> = []
    /// What clients have said about themselves last.
    private var present: [ObjectIdentifier: PresenceSaying] = [:]

    init(_ states: States, _ feeds: Feeds, _ commits: GroupCommit, on eventLoop: any EventLoop) {
        answering = StateAnswering(states: states)
        self.feeds = feeds
        self.commits = commits
        self.eventLoop = eventLoop
    }

    // MARK: Coming and going

    func joined(_ client: SocketClient) {
        let question: StateQuestion
        do throws(Problem) { question = try StateQuestion(client) } catch {
            client.send(.refused(id: nil, error))
            return client.close(.policy(error.detail))
        }
        arriving.insert(ObjectIdentifier(client))
        let promise = eventLoop.makePromise(of: Problem?.self)
        promise.completeWithTask { [answering] in
            do throws(Problem) { _ = try await answering.prepare(question) } catch { return error }
            return nil
        }
        promise.futureResult.assumeIsolated().whenSuccess { self.prepared(client, question, $0) }
    }

    private func prepared(_ client: SocketClient, _ question: StateQuestion, _ problem: Problem?) {
        // It may have gone meanwhile.
        guard arriving.remove(ObjectIdentifier(client)) != nil else { return }
        if let problem { return client.close(.later(problem.detail)) }
        let feed = feeds.feed(of: client.application)
        let cursor = StreamCursor(question.view, after: client.have)
        let follower = SocketFollower(client, cursor, wantsPresence: question.wantsPresence, feed: feed) {
            [weak self] in self?.tellRejections(of: $0, to: client)
        }
        guard feeds.join(follower, feed) else {
            return client.close(.later("As many clients follow here as may."))
        }
        followers[ObjectIdentifier(client)] = follower
        feed.deliver(to: follower)
        feed.tellPresence(to: follower)
    }

    func drained(_ client: SocketClient) { followers[ObjectIdentifier(client)]?.drained() }

    func left(_ client: SocketClient) {
        arriving.remove(ObjectIdentifier(client))
        if let saying = present.removeValue(forKey: ObjectIdentifier(client)) {
            // By now the client may be here by another socket. Refused only where nothing is known of it anyway.
            try? feeds.presences.takeBack(saying, from: client.application)
        }
        guard let follower = followers.removeValue(forKey: ObjectIdentifier(client)) else { return }
        feeds.leave(follower, follower.feed)
    }

    // MARK: Pushing

    func push(
        _ change: Change, from client: SocketClient, reply: @escaping (Result<PositionToken, Problem>) -> Void
    ) {
        commits.append(change, to: client.application) { [weak self] result in
            do throws(Problem) {
                let appended = try result.mapError { Problem($0) }.get()
                let (document, _) = try ChangeDocument.pushed(change.id, to: client.application, appended)
                reply(.success(document.receipt))
                switch document.status {
                case .pending: self?.followers[ObjectIdentifier(client)]?.pushed(change.id, document.receipt)
                case .rejected(let rejection): client.send(.rejected(change.id, reason: rejection.problem))
                case .applied, .dropped: break
                }
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// Asks the log which of these changes have come to nothing, and says so.
    ///
    /// This server may have folded in more than is merged, and then nobody has noted yet what came of it: that is asked for again later,
    /// as is everything if the log cannot be asked.
    private func tellRejections(of changes: [(id: ChangeID, receipt: PositionToken)], to client: SocketClient) {
        let promise = eventLoop.makePromise(of: Outcomes.self)
        let log = answering.states.log
        let application = client.application
        promise.completeWithTask {
            guard let head = try await log.look(at: application) else { return Outcomes() }
            let present = changes.filter { $0.receipt.epoch == head.epoch }
            let merged = present.filter { $0.receipt.number <= head.merged }
            let rejections = try await log.rejections(
                of: merged.map { (id: $0.id, position: $0.receipt.number) }, in: application)
            return Outcomes(
                rejections: zip(merged, rejections).compactMap { change, rejection in
                    rejection.map { (change.id, $0) }
                },
                open: present.filter { $0.receipt.number > head.merged })
        }
        promise.futureResult.assumeIsolated().whenComplete { [weak self] result in
            let outcomes = (try? result.get()) ?? Outcomes(open: changes)
            for (id, rejection) in outcomes.rejections { client.send(.rejected(id, reason: rejection.problem)) }
            self?.followers[ObjectIdentifier(client)]?.wait(for: outcomes.open)
        }
    }

    private struct Outcomes: Sendable {
        var rejections: [(id: ChangeID, Rejection)] = []
        var open: [(id: ChangeID, receipt: PositionToken)] = []
    }

    // MARK: Presence

    func presence(_ note: PresenceNote, from client: SocketClient) throws(Problem) {
        guard let text = try client.query.string("client") else {
            throw Problem(
                .invalidMessage,
                "The socket was opened without “?client=<id>”, so there is no name to be present under.")
        }
        let name: ClientID
        do { name = try ClientID(text) } catch { throw Problem(.invalidID, "\(error)") }
        do throws(PresenceRefusal) {
            guard let document = note.document else {
                present[ObjectIdentifier(client)] = nil
                return try feeds.presences.remove(name, from: client.application)
            }
            present[ObjectIdentifier(client)] = try feeds.presences.say(
                name, document, for: note.timeToLive ?? PresenceConfiguration.usualLife, in: client.application)
        } catch {
            throw Problem(error)
        }
    }
}

extension StateQuestion {
    /// What a socket's client asks for in its URL: browsers cannot set header fields there.
    fileprivate init(_ client: SocketClient) throws(Problem) {
        self.init(application: client.application)
        if let path = try client.query.string("path") { view.path = try StatePath(path) }
        view.delta = .mergePatch
        if let name = try client.query.string("delta") {
            guard let form = DeltaForm(rawValue: name) else {
                throw Problem.invalidParameter("delta", "takes merge-patch or json-patch")
            }
            view.delta = form
        }
        wantsPresence = try client.query.flag("presence")
        if let version = client.have { known = .versions([version]) }
    }
}
