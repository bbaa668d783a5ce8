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
    private let questions: OutcomeQuestions
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
        questions = OutcomeQuestions(on: eventLoop) { [log = states.log] in try await log.outcomes(of: $0, in: $1) }
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
                case .pending:
                    self?.followers[ObjectIdentifier(client)]?.pushed(
                        PushedChange(id: change.id, receipt: document.receipt))
                case .rejected(let rejection): client.send(.rejected(change.id, reason: rejection.problem))
                case .applied, .dropped: break
                }
            } catch {
                reply(.failure(error))
            }
        }
    }

    /// Says which of these changes have come to nothing. What nobody can say yet is asked for again later.
    private func tellRejections(of changes: [PushedChange], to client: SocketClient) {
        questions.ask(about: changes, in: client.application) { [weak self] outcomes in
            var open: [PushedChange] = []
            for (change, outcome) in zip(changes, outcomes) {
                switch outcome {
                case .rejected(let rejection): client.send(.rejected(change.id, reason: rejection.problem))
                case .open: open.append(change)
                case .settled: break
                }
            }
            self?.followers[ObjectIdentifier(client)]?.wait(for: open)
        }
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
            present[ObjectIdentifier(client)] = try feeds.presences.put(
                name, document, for: note.timeToLive ?? PresenceConfiguration.usualLife, in: client.application)
        } catch {
            throw Problem(error)
        }
    }
}

extension StateQuestion {
    /// What a socket's client asks for in its URL: browsers cannot set header fields there.
    fileprivate init(_ client: SocketClient) throws(Problem) {
        self.init(application: client.application, from: client.caller)
        view.path = try StatePath(client.query, of: client.application, for: client.caller)
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
