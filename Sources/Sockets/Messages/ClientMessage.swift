// What a client says: a JSON object with one member that names the kind of message, and what belongs to that kind.

package import Documents
package import Fold
package import HTTPService
import LogAnswers
package import NIOCore

package enum ClientMessage: Sendable {
    case push(Change)
    case presence(PresenceNote)
}

/// What a client says about itself to the others.
package struct PresenceNote: Sendable {
    /// Nil: nothing any more.
    package let document: Document?
    /// How long it holds unless it is said again; nil leaves it to the server.
    package let timeToLive: Duration?
}

/// Why a message was refused, and which change it was about if it named one.
package struct MessageRefusal: Error {
    package let id: String?
    package let problem: Problem
}

extension ClientMessage {
    /// Reads a message that is UTF-8.
    package init(_ text: ByteBuffer, limits: SocketLimits) throws(MessageRefusal) {
        let document: Document
        do {
            document = try Document(parsing: text.readableBytesUInt8Span, limits: ChangeElement.parsingLimits)
        } catch {
            throw MessageRefusal(id: nil, problem: Problem(error))
        }
        do throws(Problem) {
            self = try Self.read(document, limits)
        } catch {
            throw MessageRefusal(id: document["push"]?["id"]?.stringValue, problem: error)
        }
    }

    private static func read(_ message: Document, _ limits: SocketLimits) throws(Problem) -> ClientMessage {
        switch (message["push"], message["presence"]) {
        case (let change?, nil):
            try checkMembers(of: message, ["push"])
            let element = ChangeElement(change, at: "/push", errors: .invalidMessage, defaultKind: .mergePatch)
            return .push(try element.change(maximumBytes: limits.changeBytes))
        case (nil, let document?):
            try checkMembers(of: message, ["presence", "ttl"])
            return .presence(try presence(document, in: message, limits))
        case (nil, nil): throw invalid("A message is an object with the member “push” or “presence”.", at: "")
        case (_?, _?): throw invalid("A message has one of the members “push” and “presence”.", at: "")
        }
    }

    private static func presence(
        _ document: Document, in message: Document, _ limits: SocketLimits
    ) throws(Problem) -> PresenceNote {
        guard document.encodedCount <= limits.presenceBytes else {
            throw invalid("A presence has at most \(limits.presenceBytes) bytes.", at: "/presence")
                .with("limit", limits.presenceBytes)
        }
        guard document.depth <= ParsingLimits.standardDepth else {
            // As where it is a body of its own.
            throw Problem(.malformedJSON, "Arrays and objects are nested deeper than \(ParsingLimits.standardDepth).")
                .with("pointer", "/presence")
        }
        let time = try message["ttl"].map { value throws(Problem) in try timeToLive(value, limits) }
        return PresenceNote(document: document.isNull ? nil : document, timeToLive: time)
    }

    private static func timeToLive(_ value: Document, _ limits: SocketLimits) throws(Problem) -> Duration {
        let most = Int(limits.presenceTime.components.seconds)
        guard let seconds = value.integerValue, (1...most).contains(seconds) else {
            throw invalid("The member “ttl” is a whole number of seconds from 1 to \(most).", at: "/ttl")
        }
        return .seconds(seconds)
    }

    private static func checkMembers(of message: Document, _ known: Set<String>) throws(Problem) {
        for (name, _) in message.members where !known.contains(name) {
            throw invalid(
                "This kind of message has no member of this name.", at: JSONPointer.root.appending(name).description)
        }
    }

    private static func invalid(_ detail: String, at pointer: String) -> Problem {
        Problem(.invalidMessage, detail).with("pointer", pointer)
    }
}
