/// A mechanism of the scripts that is taken out on the way to Redis, so that it can be seen that its absence is noticed.
package struct Mutant: Sendable {
    package let name: String
    /// What stands in a script, and what is put in its place.
    let mechanism: String
    let replacement: String

    package init(_ name: String, _ mechanism: String, _ replacement: String = "") {
        self.name = name
        self.mechanism = mechanism
        self.replacement = replacement
    }

    package static func named(_ name: String) -> Mutant? { all.first { $0.name == name } }

    /// The script without the mechanism; nil if it has not got it.
    package func changed(_ script: String) -> String? {
        script.contains(mechanism) ? script.replacing(mechanism, with: replacement) : nil
    }

    /// Whether a failure is that what is left is no script any more, or does not run to its end. Any test would see that, whatever the promise.
    package static func isBroken(_ failure: String) -> Bool {
        failure.contains("compiling script") || failure.contains("user_script")
    }
}

extension Mutant {
    /// Which promise each of them breaks, and which test sees it, is told in Faults.md beside Architecture.md.
    package static let all = [
        // append
        Mutant("no-records", "if new_records > 0 then", "if false then"),
        Mutant(
            "records-first", "  call('SADD', KEYS[4], ARGV[2])\n",
            "  call('SADD', KEYS[4], ARGV[2])\n  write_records(fields, record_life)\n"),
        Mutant("no-partition-bound", "elseif bytes + #entry > last_partition_bytes then", "elseif false then"),
        Mutant(
            "uncounted-logs",
            "log_bytes = log_bytes + bytes\n  call('HINCRBY', KEYS[1], 'logbytes', string.format('%.0f', bytes))"),
        Mutant(
            "kept-count", "'former', table.concat(former, ' '), 'logbytes', 0)",
            "'former', table.concat(former, ' '))"),
        Mutant("no-digests", "if record.digest ~= digest then return { 'mismatch', record.position } end"),
        Mutant(
            "no-client-records", "if number == client.last + 1 then return nil end",
            "if number <= client.last + 1 then return nil end"),
        Mutant(
            "gaps", "if number > client.last + 1 then return { 'out-of-order', client.last + 1 } end",
            "do return nil end"),
        Mutant(
            "deleted-forgotten", "if record.creation ~= creation then return { 'deleted' } end",
            "if record.creation ~= creation then return nil end"),
        Mutant("no-backlog", "tail >= last_tail or bytes + #entry > last_bytes", "false"),
        Mutant("no-dirty-set", "  call('SADD', KEYS[4], ARGV[2])\n"),
        Mutant("no-damage", "~= app.tail - app.base and not admit_strangers(", "== false and not admit_strangers("),
        // recover and adopt
        Mutant("any-life", "or server[1] .. ' ' .. server[2] ~= ARGV[1] then", "then"),
        Mutant("no-failback", "if same and not foreign then", "if same then"),
        Mutant("failback-forgotten", "if met ~= '' then former[#former + 1] = met end"),
        Mutant("same-epoch", "if same and not", "if life and not"),
        Mutant("no-adoption", "if app and app.generation ~= generation then return { 'adopt' } end"),
        Mutant("any-snapshot", "epoch == app.epoch and position > app.tail and", "position and"),
        Mutant("unknown-snapshot", "position > app.tail and position - records <= app.merged", "position > app.tail"),
        Mutant("no-restored-records", "for i = 1, records do restore(i) end"),
        Mutant("only-lost-restored", "(lost and not number) or reason ~= ''", "lost and not number"),
        // merged and checkpoint
        Mutant("any-published-epoch", "if app.epoch ~= epoch or position > app.tail or", "if position > app.tail or"),
        Mutant("beyond-tail", "or position > app.tail or from", "or from"),
        Mutant("skipped-rejections", "or from > app.merged then", "then"),
        Mutant("no-rejections", "if ARGV[first_rejection] then", "if false then"),
        Mutant("published-back", "if position > app.merged then\n", "if true then\n"),
        Mutant(
            "no-checkpoint-fence", "if app.epoch ~= ARGV[3] or position > app.merged then return { 'stale' } end"),
        Mutant("checkpoint-back", "if position > app.base then", "if true then"),
        Mutant("dirty-forgotten", "if app.base == app.tail then\n  mark_changed", "if true then\n  mark_changed"),
        // the fold's version
        Mutant("any-fold", "if fold ~= tonumber(", "if nil == ("),
        Mutant("old-fold-leases", "if own_fold < fold and", "if false and"),
        Mutant(
            "same-epoch-folds", "  begin_generation(KEYS[1], ARGV[5], '')\n"),
        // lease
        Mutant("shared-leases", "if holder and holder ~= ARGV[2] and is_possible then return { 'held', holder } end"),
        Mutant("endless-leases", "call('PTTL', KEYS[2]) <= 4 * tonumber(ARGV[3])", "true"),
    ]
}
