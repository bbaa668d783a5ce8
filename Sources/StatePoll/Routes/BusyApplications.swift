// `GET /v1/apps?sort=`: the busiest applications, as merge daemons and poll servers have told. It costs Redis one look at what they
// said, however many applications there are.

import ChangeLog
import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers

struct BusyApplications {
    let log: ChangeLog

    /// Nil if the request does not ask for these.
    func answer(_ query: Query) async throws(Problem) -> Response? {
        guard let text = try query.string("sort") else { return nil }
        guard let measure = Activity.Measure(rawValue: text) else {
            let known = Activity.Measure.allCases.map(\.rawValue).joined(separator: ", ")
            throw Problem.invalidParameter("sort", "takes one of \(known)")
        }
        for name in ["prefix", "after"] where try query.string(name) != nil {
            throw Problem.invalidParameter(name, "does not go with sort: only the busiest applications are known by it")
        }
        let most = BusiestApplications.count
        let limit = try query.integer("limit", in: 1...most) ?? most
        let lists: [[Activity]]
        do { lists = try await log.busiest() } catch { throw Problem(error) }
        let ranked = BusiestApplications.ranked(lists, by: measure, limit: limit)
        return .json(
            .object([("apps", .array(ranked.map(\.wholeDocument))), ("sort", .string(measure.rawValue))]),
            headers: [.cacheControl: "no-cache"])
    }
}

extension Activity {
    /// With what is nothing, too.
    fileprivate var wholeDocument: Document {
        .object(
            [("app", .string(application.description))] + Measure.allCases.map { ($0.rawValue, value(of: $0)) })
    }
}
