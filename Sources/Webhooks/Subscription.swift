// What somebody wants to be told of, and where.

package import Documents
package import Fold
package import Grants
import Operations

package struct Subscription: Sendable {
    package let url: WebhookURL
    package let applications: [ApplicationPattern]
    package let types: Set<EventType>
    /// The part of a state that `state.changed` is about; the root for all of it.
    package let path: JSONPointer
    package let schedule: RetrySchedule
    /// Deliveries a second; nil for as many as come.
    package let rate: Int?
    /// Fields that each request has besides.
    package let headers: [(name: String, value: String)]
    /// As it was asked for, without a secret.
    package let document: Document

    private static let members: Set<String> = ["url", "apps", "event_types", "path", "retry", "rate_limit", "headers"]

    /// - Parameter document: without a member `secret`, which is read elsewhere.
    package init(_ document: Document, rules: AddressRules) throws(WebhookFault) {
        let members: MemberReading
        let (text, path, rate): (String?, String?, Int?)
        do throws(OperationFault) {
            members = try MemberReading(document, knows: Self.members)
            text = try members.text("url")
            path = try members.text("path")
            rate = try members.integer("rate_limit", in: WebhookLimits.rates)
        } catch { throw WebhookFault(error) }
        guard let text else { throw WebhookFault(.invalid, "The member “url” is missing.", at: "") }
        url = try WebhookURL(text, rules: rules)
        applications = try Self.applications(members["apps"])
        types = try Self.types(members["event_types"])
        do { self.path = try path.map { try JSONPointer(parsing: $0) } ?? .root } catch {
            throw WebhookFault(.invalid, "“path” is a JSON Pointer.", at: "/path")
        }
        schedule = try Self.schedule(members["retry"])
        self.rate = rate
        headers = try HeaderRules.headers(members["headers"])
        self.document = document
    }

    private static func applications(_ value: Document?) throws(WebhookFault) -> [ApplicationPattern] {
        let range = WebhookLimits.patterns
        guard let value, value.kind == .array, range.contains(value.count) else {
            throw WebhookFault(
                .invalid,
                "“apps” is a list of \(range.lowerBound) to \(range.upperBound) applications, or beginnings of "
                    + "their ids with “*” behind.", at: "/apps")
        }
        var patterns: [ApplicationPattern] = []
        for element in value.elements {
            guard let text = element.stringValue else {
                throw WebhookFault(.invalid, "An application is a string.", at: "/apps/\(patterns.count)")
            }
            do throws(ScopeError) { patterns.append(try ApplicationPattern(text)) } catch {
                throw WebhookFault(.invalid, "\(error)", at: "/apps/\(patterns.count)")
            }
        }
        return patterns
    }

    private static func types(_ value: Document?) throws(WebhookFault) -> Set<EventType> {
        guard let value, value.kind == .array, value.count >= 1 else {
            throw WebhookFault(.invalid, "“event_types” is a list of one or more types.", at: "/event_types")
        }
        var types: Set<EventType> = []
        for (index, element) in value.elements.enumerated() {
            guard let type = element.stringValue.flatMap(EventType.init(rawValue:)),
                EventType.subscribable.contains(type)
            else {
                let known = EventType.subscribable.map(\.rawValue).joined(separator: ", ")
                throw WebhookFault(.invalid, "There is no such type; these are: \(known).", at: "/event_types/\(index)")
            }
            types.insert(type)
        }
        return types
    }

    private static func schedule(_ value: Document?) throws(WebhookFault) -> RetrySchedule {
        guard let value else { return .usual }
        let pauses: Document?
        do throws(OperationFault) {
            pauses = try MemberReading(value, knows: ["pauses_s"], at: "/retry")["pauses_s"]
        } catch {
            throw WebhookFault(error)
        }
        guard let pauses else { return .usual }
        let (count, seconds) = (WebhookLimits.pauses, WebhookLimits.pauseSeconds)
        let numbers = pauses.kind == .array ? pauses.elements.map(\.integerValue) : []
        guard pauses.kind == .array, count.contains(pauses.count),
            numbers.allSatisfy({ $0.map(seconds.contains) ?? false })
        else {
            throw WebhookFault(
                .invalid,
                "“pauses_s” is a list of at most \(count.upperBound) whole numbers from \(seconds.lowerBound) to "
                    + "\(seconds.upperBound).", at: "/retry/pauses_s")
        }
        return RetrySchedule(pauses: numbers.map { .seconds($0 ?? 0) })
    }

    // MARK: Questions

    package func wants(_ type: EventType, of application: ApplicationID) -> Bool {
        types.contains(type) && concerns(application)
    }

    package func concerns(_ application: ApplicationID) -> Bool { applications.contains { $0.matches(application) } }

    /// Whether all that the other one is about is about this one, too.
    package func covers(_ other: Subscription) -> Bool {
        other.applications.allSatisfy { theirs in
            applications.contains { own in
                switch theirs {
                case .one(let one): own.matches(one)
                case .beginning(let beginning): own.covers(beginning: beginning)
                }
            }
        }
    }
}
