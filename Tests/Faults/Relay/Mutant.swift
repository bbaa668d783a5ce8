import NIOCore

/// A mechanism of the scripts that is taken out on the way to Redis, so that it can be seen that its absence is noticed. Daemons take the
/// digest that SCRIPT LOAD answers, so nothing in them has to know of this.
struct Mutant: Sendable {
    let name: String
    /// What is replaced, and by what.
    let changes: [(String, String)]

    static let all = [
        Mutant(name: "no-records", changes: [("if new_records > 0 then", "if false then")]),
        Mutant(
            name: "no-client-records",
            changes: [
                ("if number == client.last + 1 then return nil end", "if number <= client.last + 1 then return nil end")
            ]),
        Mutant(name: "same-epoch", changes: [("if same then", "if known then")]),
        Mutant(
            name: "no-adoption",
            changes: [("if app and app.generation ~= generation then return { 'adopt' } end", "")]),
        Mutant(
            name: "any-snapshot",
            changes: [("epoch == app.epoch and position > app.tail and", "position and")]),
        Mutant(
            name: "unknown-snapshot",
            changes: [("position > app.tail and position - records <= app.merged", "position > app.tail")]),
        Mutant(name: "no-restored-records", changes: [("for i = 1, records do restore(i) end", "")]),
        Mutant(
            name: "no-checkpoint-fence",
            changes: [("if app.epoch ~= ARGV[3] or position > app.merged then return { 'stale' } end", "")]),
        Mutant(
            name: "no-published-fence",
            changes: [
                ("if app.epoch ~= epoch or position > app.tail or from > app.merged then return { 'stale' } end", "")
            ]),
        Mutant(name: "no-dirty-set", changes: [("call('SADD', KEYS[4], ARGV[2])", "")]),
        Mutant(
            name: "dirty-forgotten",
            changes: [("if app.base == app.tail then call('SREM'", "if true then call('SREM'")]),
    ]

    static func named(_ name: String) -> Mutant? { all.first { $0.name == name } }

    /// The command with the mechanism taken out, if it loads the script that has it.
    func changed(_ command: ByteBuffer) -> ByteBuffer {
        let head = "*3\r\n$6\r\nSCRIPT\r\n$4\r\nLOAD\r\n"
        guard command.readableBytesView.starts(with: head.utf8) else { return command }
        let text = String(buffer: command)
        guard let start = text.utf8.dropFirst(head.utf8.count).firstIndex(of: UInt8(ascii: "\n")),
            let whole = String(text[text.utf8.index(after: start)...].utf8.dropLast(2))
        else { return command }
        var script = whole
        for (mechanism, replacement) in changes { script = script.replacing(mechanism, with: replacement) }
        guard script != whole else { return command }
        return ByteBuffer(string: "\(head)$\(script.utf8.count)\r\n\(script)\r\n")
    }
}
