// Reads the members of a request's object: what is not known is refused, so that nobody relies on what is not done.

package import Documents
import Fold

/// What is wrong with a request.
package struct OperationFault: Error, Equatable, Sendable {
    /// A sentence.
    package let message: String
    /// Where, as a JSON Pointer.
    package let pointer: String

    package init(_ message: String, at pointer: String = "") {
        self.message = message
        self.pointer = pointer
    }
}

package struct MemberReading {
    private let object: Document
    private let place: String

    package init(_ object: Document, knows names: Set<String>, at place: String = "") throws(OperationFault) {
        guard object.kind == .object else { throw OperationFault("This is given as an object.", at: place) }
        for (name, _) in object.members where !names.contains(name) {
            throw OperationFault(
                "No member of this name is known here.", at: place + JSONPointer.root.appending(name).description)
        }
        self.object = object
        self.place = place
    }

    package subscript(name: String) -> Document? { object[name] }

    func fault(_ name: String, _ message: String) -> OperationFault { OperationFault(message, at: "\(place)/\(name)") }

    package func integer(_ name: String, in range: ClosedRange<Int>) throws(OperationFault) -> Int? {
        guard let value = object[name] else { return nil }
        guard let number = value.integerValue, range.contains(number) else {
            throw fault(name, "“\(name)” is a whole number from \(range.lowerBound) to \(range.upperBound).")
        }
        return number
    }

    func seconds(_ name: String, in range: ClosedRange<Int>) throws(OperationFault) -> Duration? {
        try integer(name, in: range).map { .seconds($0) }
    }

    func flag(_ name: String) throws(OperationFault) -> Bool? {
        guard let value = object[name] else { return nil }
        guard let flag = value.boolValue else { throw fault(name, "“\(name)” is true or false.") }
        return flag
    }

    package func text(_ name: String) throws(OperationFault) -> String? {
        guard let value = object[name] else { return nil }
        guard let text = value.stringValue else { throw fault(name, "“\(name)” is a string.") }
        return text
    }

    func identifier<Name>(
        _ name: String, _ make: (String) throws(InvalidIdentifier) -> Name
    ) throws(OperationFault) -> Name {
        guard let text = try text(name) else {
            throw OperationFault("The member “\(name)” is missing.", at: place)
        }
        do { return try make(text) } catch { throw fault(name, "\(error)") }
    }

    /// A list of different names; nil if it is absent.
    func identifiers<Name: Hashable>(
        _ name: String, count: ClosedRange<Int>, _ make: (String) throws(InvalidIdentifier) -> Name
    ) throws(OperationFault) -> [Name]? {
        guard let value = object[name] else { return nil }
        guard value.kind == .array, count.contains(value.count) else {
            throw fault(name, "“\(name)” is a list of \(count.lowerBound) to \(count.upperBound) names.")
        }
        var names: [Name] = []
        var seen: Set<Name> = []
        for element in value.elements {
            guard let text = element.stringValue else { throw fault("\(name)/\(names.count)", "A name is a string.") }
            do {
                let made = try make(text)
                guard seen.insert(made).inserted else {
                    throw fault("\(name)/\(names.count)", "This name is here twice.")
                }
                names.append(made)
            } catch let error as InvalidIdentifier {
                throw fault("\(name)/\(names.count)", "\(error)")
            } catch let error as OperationFault {
                throw error
            } catch {
                throw fault(name, "\(error)")
            }
        }
        return names
    }

    /// Any JSON, in canonical form.
    func json(_ name: String, upTo limit: Int) throws(OperationFault) -> [UInt8]? {
        guard let value = object[name] else { return nil }
        guard value.encodedCount <= limit else { throw fault(name, "“\(name)” has more than \(limit) bytes.") }
        return value.encoded()
    }
}
