// What a script answers: an array of a tag and its fields. Reading one fails with an error that says which script and what.

import Fold
package import Redis

package struct ScriptAnswer {
    package let tag: String
    private let script: String
    private let fields: ArraySlice<RESPValue>

    init(_ value: RESPValue, of script: RedisScript) throws(RedisError) {
        try self.init(value, script: script.name)
    }

    private init(_ value: RESPValue, script: String) throws(RedisError) {
        guard let elements = value.array, let tag = elements.first?.string else {
            throw .unexpectedReply("\(script) did not answer an array with a tag")
        }
        self.tag = tag
        self.script = script
        self.fields = elements.dropFirst()
    }

    package var count: Int { fields.count }

    package subscript(index: Int) -> RESPValue {
        get throws(RedisError) {
            guard index < fields.count else { throw .unexpectedReply("\(script): “\(tag)” has no field \(index)") }
            return fields[fields.startIndex + index]
        }
    }

    package func number(_ index: Int) throws(RedisError) -> UInt64 {
        guard let number = try self[index].integer, number >= 0 else { throw wrong(index, "a number") }
        return UInt64(number)
    }

    package func text(_ index: Int) throws(RedisError) -> String {
        guard let text = try self[index].string else { throw wrong(index, "text") }
        return text
    }

    func epoch(_ index: Int) throws(RedisError) -> Epoch {
        guard let epoch = Epoch(try text(index)) else { throw wrong(index, "an epoch") }
        return epoch
    }

    package func array(_ index: Int) throws(RedisError) -> [RESPValue] {
        guard let array = try self[index].array else { throw wrong(index, "an array") }
        return array
    }

    /// An array with a tag of its own, inside this one.
    package func answer(_ value: RESPValue) throws(RedisError) -> ScriptAnswer {
        try ScriptAnswer(value, script: script)
    }

    /// For a tag that the script does not give here.
    package var unexpected: RedisError { .unexpectedReply("\(script) answered “\(tag)”") }

    private func wrong(_ index: Int, _ what: String) -> RedisError {
        .unexpectedReply("\(script): field \(index) of “\(tag)” is not \(what)")
    }
}
