// From answers to values. Whatever does not look like a Cistern server becomes an error that says so; nothing here trusts a peer.

import Documents
import Fold

enum AnswerReading {
    /// Of a server that does not say.
    static let usualPollInterval = Delivery.usualInterval
    /// What a server may ask for: at least something, so that nobody spins, and not so much that a client would seem dead.
    static let pollIntervals: ClosedRange<Duration> = .milliseconds(10)...(.seconds(60))

    // MARK: Failures

    static func failure(_ answer: Answer) -> CisternError {
        if let document = try? Document(parsing: answer.body), let problem = Problem(document, status: answer.status) {
            return .refused(problem)
        }
        return unexpected(answer, "there is no problem document in it. Is this the URL of a Cistern server?")
    }

    static func unexpected(_ answer: Answer, _ reason: String) -> CisternError {
        .unexpectedAnswer(url: answer.url, status: answer.status, reason: reason)
    }

    static func document(_ answer: Answer) throws(CisternError) -> Document {
        // Answers wrap documents of full depth in a few levels more.
        do { return try Document(parsing: answer.body, limits: ParsingLimits(depth: ParsingLimits.maximumDepth)) } catch
        {
            throw unexpected(answer, "its body is not JSON: \(error)")
        }
    }

    /// All elements of the answer's list of that name.
    static func list<Element>(
        _ name: String, _ answer: Answer, _ read: (Document) -> Element?
    ) throws(CisternError) -> [Element] {
        guard answer.status == 200 else { throw failure(answer) }
        guard let list = try document(answer)[name], list.kind == .array else {
            throw unexpected(answer, "it has no list of \(name)")
        }
        var elements: [Element] = []
        for element in list.elements {
            guard let one = read(element) else { throw unexpected(answer, "it does not describe its \(name)") }
            elements.append(one)
        }
        return elements
    }

    // MARK: Changes

    static func acknowledgement(_ answer: Answer, isNew: Bool?) throws(CisternError) -> Acknowledgement {
        try acknowledgement(try document(answer), isNew: isNew, in: answer)
    }

    static func acknowledgements(_ answer: Answer, count: Int) throws(CisternError) -> [Acknowledgement] {
        let document = try document(answer)
        guard document.kind == .array, document.count == count else {
            throw unexpected(answer, "it has not one result for each of the \(count) changes")
        }
        var acknowledgements: [Acknowledgement] = []
        for element in document.elements {
            acknowledgements.append(try acknowledgement(element, isNew: element["created"]?.boolValue, in: answer))
        }
        return acknowledgements
    }

    private static func acknowledgement(
        _ document: Document, isNew: Bool?, in answer: Answer
    ) throws(CisternError) -> Acknowledgement {
        guard let id = document["id"]?.stringValue, let receipt = document["receipt"]?.stringValue,
            let position = Position(receipt),
            let outcome = outcome(document)
        else { throw unexpected(answer, "it says nothing about the change") }
        return Acknowledgement(id: id, position: position, isNew: isNew, outcome: outcome)
    }

    static func outcome(_ document: Document) -> Acknowledgement.Outcome? {
        switch document["status"]?.stringValue {
        case "pending": .pending
        case "applied": .applied
        case "dropped": .dropped
        case "rejected": document["reason"].flatMap { Problem($0) }.map { .rejected($0) }
        default: nil
        }
    }

    // MARK: States

    static func state(_ answer: Answer) throws(CisternError) -> State {
        guard let version = answer.header("ETag").flatMap({ Version($0) }) else {
            throw unexpected(answer, "it has no ETag with a version")
        }
        guard let position = position(answer) else { throw unexpected(answer, "it has no Cistern-Position") }
        return State(
            version: version, position: position, json: JSONText(bytes: answer.body), next: pollInterval(answer))
    }

    static func position(_ answer: Answer) -> Position? {
        answer.header("Cistern-Position").flatMap { Position($0) }
    }

    static func pollInterval(_ answer: Answer) -> Duration { statedPollInterval(answer) ?? usualPollInterval }

    /// Nil if the server does not say.
    static func statedPollInterval(_ answer: Answer) -> Duration? {
        guard let text = answer.header("Cistern-Poll-Interval"), let milliseconds = Int(text) else { return nil }
        return min(max(.milliseconds(milliseconds), pollIntervals.lowerBound), pollIntervals.upperBound)
    }

    // MARK: Administration

    static func status(_ answer: Answer) throws(CisternError) -> ApplicationStatus {
        guard let status = ApplicationStatus(try document(answer)) else {
            throw unexpected(answer, "it does not describe an application")
        }
        return status
    }

    static func page(_ answer: Answer) throws(CisternError) -> (apps: [ApplicationStatus], next: String?) {
        let document = try document(answer)
        guard let list = document["apps"], list.kind == .array else {
            throw unexpected(answer, "it has no list of applications")
        }
        let apps = list.elements.compactMap { ApplicationStatus($0) }
        guard apps.count == list.count else { throw unexpected(answer, "it does not describe its applications") }
        return (apps, document["next"]?.stringValue)
    }

    static func readiness(_ answer: Answer) throws(CisternError) -> Readiness {
        let document = try document(answer)
        let problem = Problem(document, status: answer.status)
        guard answer.status == 200 || problem?.slug == "not-ready" else { throw failure(answer) }
        return Readiness(
            isReady: answer.status == 200, json: JSONText(bytes: (document["checks"] ?? document).encoded()),
            detail: problem?.detail ?? "")
    }
}

extension ApplicationStatus {
    fileprivate init?(_ document: Document) {
        guard let application = document["app"]?.stringValue, let epoch = document["epoch"]?.stringValue,
            let version = document["version"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let position = document["position"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let tail = document["tail"]?.integerValue.flatMap({ UInt64(exactly: $0) }),
            let pending = document["pending"]?.integerValue
        else { return nil }
        self.application = application
        self.epoch = epoch
        self.version = version
        self.position = position
        self.tail = tail
        self.pending = pending
        bytes = document["bytes"]?.integerValue ?? 0
        checkpoint = document["checkpoint"]?.integerValue.flatMap { UInt64(exactly: $0) } ?? 0
        created = document["times"]?["created"]?.stringValue
        pushed = document["times"]?["pushed"]?.stringValue
        merged = document["times"]?["merged"]?.stringValue
        json = JSONText(bytes: document.encoded())
    }
}

enum BatchWriting {
    /// A batch of changes.
    ///
    /// The patches are checked to be JSON, because one that is not would make something else of the ones around it.
    static func outgoing(_ changes: [Change]) throws(CisternError) -> [OutgoingChange] {
        var outgoing: [OutgoingChange] = []
        for (index, change) in changes.enumerated() {
            let patch: Document
            do { patch = try Document(parsing: change.patch.bytes) } catch {
                throw .invalidRequest("Change \(index) of the batch (“\(change.id)”) is not JSON: \(error)")
            }
            outgoing.append(
                OutgoingChange(id: change.id, kind: change.kind, condition: change.condition, change: patch))
        }
        return outgoing
    }

    static func body(_ changes: [OutgoingChange]) -> [UInt8] { Document.array(changes.map(element)).encoded() }

    /// `{"id", "type", "if_match"?, "if_none_match"?, "change"}`.
    static func element(_ change: OutgoingChange) -> Document {
        var members: [(String, Document)] = [("id", .string(change.id)), ("type", .string(change.kind.rawValue))]
        switch change.condition {
        case .version(let version): members.append(("if_match", .string(version.entityTag)))
        case .exists: members.append(("if_match", .string("*")))
        case .isNew: members.append(("if_none_match", .string("*")))
        case nil: break
        }
        members.append(("change", change.change))
        return .object(members)
    }
}
