import Documents
import Fold
import HTTPService
import HTTPTypes
import LogAnswers
import NIOCore
import OperationQueue
import Operations

extension Problem {
    init(_ fault: OperationFault) {
        self = Problem(.invalidOperation, fault.message).with("pointer", fault.pointer)
    }

    static func unknown(_ name: OperationName) -> Problem {
        Problem(.unknownOperation, "“\(name.application)” has no operation “\(name.id)”.")
    }

    static func gone(_ name: OperationName) -> Problem {
        Problem(.operationGone, "The operation “\(name.id)” was deleted, or its time is over.")
    }

    /// Workers take an operation away when they begin, not one that is large.
    static func full(_ limit: Int) -> Problem {
        Problem(
            .operationsFull, "This application has \(limit) operations that are not over, as many as may be."
        ).with("limit", limit).retry(after: .seconds(5))
    }

    static func reserved(at pointer: String? = nil) -> Problem {
        let problem = Problem(
            .operationReserved,
            "Kinds that begin with “\(ReservedNames.kinds)”, and applications that begin with “\(ReservedNames.applications)”, are the servers'."
        )
        return pointer.map { problem.with("pointer", $0) } ?? problem
    }

    static let leaseLost = Problem(.leaseLost, "This lease has run out or was ended.")
}

extension Call {
    /// The operation in the path.
    func operation(of application: ApplicationID) throws(Problem) -> OperationName {
        let text = try parameter("operation")
        do { return OperationName(try OperationID(text), of: application) } catch {
            throw Problem(.invalidID, "\(error)")
        }
    }

    /// The operation in the path, for who makes it or works on it: those of the servers are made and done by them alone.
    func clientOperation(of application: ApplicationID) throws(Problem) -> OperationName {
        guard !ReservedNames.contains(application) else { throw .reserved() }
        return try operation(of: application)
    }

    /// A body of JSON, completely read.
    func json(upTo limit: Int, _ what: String) async throws -> Document {
        guard let type = headers[.contentType].flatMap({ ContentType($0) }), type.isUTF8,
            type.essence == ContentType.json.essence
        else {
            throw Problem(.unsupportedOperationType, "What is said about operations is sent as \(ContentType.json).")
                .with(header: .accept, ContentType.json.description)
        }
        let body = try await body(
            upTo: limit, orThrow: Problem(.operationTooLarge, "\(what) has at most \(limit) bytes."))
        do { return try Document(parsing: body.readableBytesUInt8Span) } catch { throw Problem(error) }
    }
}
