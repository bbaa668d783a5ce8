// Which applications one poll asks about: `apps=a@<version>,b,c`.

import Fold
import HTTPService
import HTTPTypes

struct ManyQuestion: Sendable {
    /// One question per application, in the order of the request.
    let questions: [StateQuestion]
    let delta: DeltaForm?
    let patience: Duration?
    private let preferences: Preferences

    /// Applications in one poll: they fit into a request line, and one client's poll costs no more than a hundred clients' polls.
    static let maximumApplications = 100

    init(query: Query, headers: HTTPFields, from caller: Caller) throws(Problem) {
        let preferences = Preferences(headers)
        let delta = DeltaForm(WeightedList(headers, .aIM))
        let parts = (try query.string("apps") ?? "").split(separator: ",", omittingEmptySubsequences: false)
        guard let first = parts.first, !(parts.count == 1 && first.isEmpty) else {
            throw Problem.invalidParameter(
                "apps", "is missing; it lists applications, each with the version that is there already: a@<version>,b")
        }
        guard parts.count <= Self.maximumApplications else {
            throw Problem.invalidParameter("apps", "has more than \(Self.maximumApplications) applications")
                .with("limit", Self.maximumApplications)
        }
        var questions: [StateQuestion] = []
        var seen: Set<ApplicationID> = []
        for part in parts {
            let question = try Self.question(part, delta, from: caller)
            guard seen.insert(question.application).inserted else {
                throw Problem.invalidParameter("apps", "has “\(question.application)” more than once")
            }
            questions.append(question)
        }
        self.questions = questions
        self.delta = delta
        patience = preferences.wait.map { caller.time(upTo: $0) }
        self.preferences = preferences
    }

    /// What an answer says of the preferences that were followed (RFC 7240 §3).
    func preferenceApplied(mayWait: Bool) -> String? { preferences.applied(wait: mayWait) }

    private static func question(
        _ part: Substring, _ delta: DeltaForm?, from caller: Caller
    ) throws(Problem) -> StateQuestion {
        let halves = part.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = halves.first, let application = try? ApplicationID(name) else {
            throw Problem.invalidParameter("apps", "has “\(part)”, which is no application id")
        }
        try caller.authorize(.poll, on: application)
        var question = StateQuestion(application: application, from: caller)
        question.view.delta = delta
        question.view.path = try StatePath(Query(nil), of: application, for: caller)
        if halves.count > 1 {
            guard let version = VersionToken(halves[1]) else {
                throw Problem.invalidParameter(
                    "apps", "has “\(halves[1])” for “\(name)”, which is no version <epoch>-<number>")
            }
            question.known = .versions([version])
        }
        return question
    }
}
