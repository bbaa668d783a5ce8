// Work that takes longer than a request: what is asked for, and how it stands.

import Documents

/// Something that somebody wants to have done. Sent again, unaltered, it is done once all the same, because it goes out under the same id.
public struct NewOperation: Sendable, Hashable {
    /// 1 to 128 of `A–Z a–z 0–9 . _ ~ -`, starting with a letter or digit. Keep it to ask for the operation later, and to send it again.
    public var id: String
    /// What is to be done; workers claim by it. Of the same characters.
    public var kind: String
    /// What the worker is given; 64 KiB at most with all the rest. Larger things belong elsewhere, and their address in here.
    public var input: JSONText
    /// How often it may be claimed before it is dead, 1 to 100; 3 unless given.
    public var attempts: Int?
    /// 0 to 9, 9 comes first; 5 unless given.
    public var priority: Int?
    /// Not to be begun before: RFC 3339, as `2026-11-21T06:00:00Z`.
    public var notBefore: String?
    public var deadlines: Deadlines?
    /// Where in the application's state everybody sees how it stands, as a JSON Pointer.
    public var publish: String?

    /// - Parameter id: a new time-ordered id unless given.
    public init(
        _ kind: String, _ input: JSONText = "null", id: String = TimedID.next(), attempts: Int? = nil,
        priority: Int? = nil, notBefore: String? = nil, deadlines: Deadlines? = nil, publish: String? = nil
    ) {
        self.id = id
        self.kind = kind
        self.input = input
        self.attempts = attempts
        self.priority = priority
        self.notBefore = notBefore
        self.deadlines = deadlines
        self.publish = publish
    }

    /// How long what may take: whole seconds, 30 days at most; nil for as long as it takes.
    public struct Deadlines: Sendable, Hashable {
        /// From when it may be claimed until its first attempt begins.
        public var start: Duration?
        /// Of each attempt, whatever its worker says.
        public var attempt: Duration?
        /// From when it may be claimed until it is over.
        public var total: Duration?

        public init(start: Duration? = nil, attempt: Duration? = nil, total: Duration? = nil) {
            self.start = start
            self.attempt = attempt
            self.total = total
        }

        var document: Document {
            let all = [("start_s", start), ("attempt_s", attempt), ("total_s", total)]
            return .object(
                all.compactMap { name, time in time.map { (name, .integer(Int($0.components.seconds))) } })
        }
    }

    func body() throws(CisternError) -> [UInt8] {
        let input: Document
        do { input = try Document(parsing: self.input.bytes) } catch {
            throw .invalidRequest("The input of operation “\(id)” is not JSON: \(error)")
        }
        var members: [(String, Document)] = [("kind", .string(kind)), ("input", input)]
        if let attempts { members.append(("attempts", .integer(attempts))) }
        if let priority { members.append(("priority", .integer(priority))) }
        if let notBefore { members.append(("not_before", .string(notBefore))) }
        if let deadlines { members.append(("deadlines", deadlines.document)) }
        if let publish { members.append(("publish", .string(publish))) }
        return Document.object(members).encoded()
    }
}

/// How an operation stood at a moment.
public struct LongOperation: Sendable, Hashable {
    public let application: String
    public let id: String
    public let kind: String
    public let status: Status
    /// How often it was claimed and not given back.
    public let attempt: Int
    public let attempts: Int
    public let isCancelRequested: Bool
    public let progress: Progress?
    /// Why it is over without a result, as its worker said: an object.
    public let error: JSONText?
    /// Of its result; nil as long as there is none.
    public let mediaType: String?
    /// RFC 3339, UTC.
    public let created: String
    public let updated: String
    /// The server's own words.
    public let json: JSONText
    /// Names this document among all of the operation; nil where the server did not say.
    let tag: String?

    public enum Status: String, Sendable, Hashable, CaseIterable {
        /// Waits for a worker, or for the time of its next attempt.
        case queued
        /// A worker has it.
        case running
        /// A worker has it, and is told that nobody wants it any more.
        case cancelling
        case succeeded
        /// Its worker said that it cannot be done.
        case failed
        case cancelled
        /// None of its attempts came to an end.
        case dead

        /// Whether nothing will become of it any more.
        public var isOver: Bool {
            switch self {
            case .queued, .running, .cancelling: false
            case .succeeded, .failed, .cancelled, .dead: true
            }
        }
    }

    /// How far its worker is.
    public struct Progress: Sendable, Hashable {
        /// 0 to 100.
        public var percent: Double?
        public var completed: Int?
        public var total: Int?
        public var message: String?

        public init(percent: Double? = nil, completed: Int? = nil, total: Int? = nil, message: String? = nil) {
            self.percent = percent
            self.completed = completed
            self.total = total
            self.message = message
        }

        /// From 0 to 1, by what is known of it; nil if that is not enough.
        public var fraction: Double? {
            if let percent { return percent / 100 }
            guard let completed, let total, total > 0 else { return nil }
            return min(1, Double(completed) / Double(total))
        }
    }
}

/// What has come of an operation, as its worker makes it and everybody gets it.
public struct OperationResult: Sendable, Hashable {
    /// 1 MiB at most.
    public var bytes: [UInt8]
    public var mediaType: String

    public init(bytes: [UInt8], mediaType: String) {
        self.bytes = bytes
        self.mediaType = mediaType
    }
}

extension LongOperation {
    init?(_ document: Document, tag: String?) {
        guard let application = document["app"]?.stringValue, let id = document["id"]?.stringValue,
            let kind = document["kind"]?.stringValue,
            let status = document["status"]?.stringValue.flatMap({ Status(rawValue: $0) })
        else { return nil }
        self.application = application
        self.id = id
        self.kind = kind
        self.status = status
        attempt = document["attempt"]?.integerValue ?? 0
        attempts = document["attempts"]?.integerValue ?? 0
        isCancelRequested = document["cancel_requested"]?.boolValue ?? false
        progress = document["progress"].map { Progress($0) }
        error = document["error"].map { JSONText(bytes: $0.encoded()) }
        mediaType = document["result"]?["media_type"]?.stringValue
        created = document["created_at"]?.stringValue ?? ""
        updated = document["updated_at"]?.stringValue ?? ""
        json = JSONText(bytes: document.encoded())
        self.tag = tag
    }
}

extension LongOperation.Progress {
    init(_ document: Document) {
        percent = document["percent"]?.numberSpelling.flatMap { Double($0) }
        completed = document["completed"]?.integerValue
        total = document["total"]?.integerValue
        message = document["message"]?.stringValue
    }

    var document: Document {
        var members: [(String, Document)] = []
        if let percent, percent.isFinite {
            members.append(("percent", Self.tenths(min(max(percent, 0), 100))))
        }
        if let completed { members.append(("completed", .integer(max(0, completed)))) }
        if let total { members.append(("total", .integer(max(0, total)))) }
        if let message { members.append(("message", .string(message))) }
        return .object(members)
    }

    /// A tenth is all that anybody sees.
    private static func tenths(_ percent: Double) -> Document {
        let tenths = Int((percent * 10).rounded())
        let spelling = tenths.isMultiple(of: 10) ? "\(tenths / 10)" : "\(tenths / 10).\(tenths % 10)"
        return (try? Document(parsing: Array(spelling.utf8))) ?? .integer(tenths / 10)
    }
}
