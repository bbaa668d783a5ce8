// `GET /v1/daemons`: how all daemons of the store are, by what they last said themselves.

package import ChangeLog
import Documents
package import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers

package struct DaemonRoutes: RouteProvider {
    private let log: ChangeLog

    package init(log: ChangeLog) {
        self.log = log
    }

    package func addRoutes(to routes: inout Routes) {
        routes.on(.get, "/v1/daemons", action: .administer) { _ in try await daemons() }
    }

    private func daemons() async throws(Problem) -> Response {
        let notices: Notices
        do { notices = try await log.notices(on: .health) } catch { throw Problem(error) }
        return .json(
            .object([
                ("daemons", .array(notices.all.map { Self.document($0, age: notices.age(of: $0)) })),
                ("partitions", .integer(log.settings.partitions)),
                ("time", .string(RFC3339.string(milliseconds: notices.now))),
            ]), headers: [.cacheControl: "no-cache"])
    }

    /// What the daemon said, and what can be said of that.
    static func document(_ notice: Notice, age: Duration) -> Document {
        let said = notice.document.members.map { ($0.name, $0.value) }
        let status =
            switch (age <= Bulletin.silence, notice.document["ready"]?.boolValue) {
            case (true, true): "ready"
            case (true, _): "not-ready"
            case (false, _): "silent"
            }
        return .object(
            said + [
                ("name", .string(notice.daemon)), ("seen", .string(RFC3339.string(milliseconds: notice.time))),
                ("age", .decimal(age / .seconds(1))), ("status", .string(status)),
            ])
    }
}
