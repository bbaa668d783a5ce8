// What is said to those who come too often.

import Documents
import Fold
import RateLimits

extension Problem {
    /// - Parameter wait: Until the same request would be taken, if nobody else came.
    static func rateLimited(_ policy: RatePolicy, _ work: RatedWork, after wait: Duration) -> Problem {
        Problem(.rateLimited, sentence(policy, work))
            .with("violated-policies", .array([.string(policy.rawValue)])).retry(after: wait)
    }

    private static func sentence(_ policy: RatePolicy, _ work: RatedWork) -> String {
        let things =
            switch work {
            case .push: "pushes"
            case .poll: "polls"
            }
        return switch policy {
        case .client: "This client has no \(things) left at the moment. Nothing was done."
        case .application:
            "This application has no \(things) left at the moment, whoever they come from. Nothing was done."
        case .applications: "This client has begun to push to as many applications as it may for now. Nothing was done."
        }
    }
}
