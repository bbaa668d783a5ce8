import ArgumentParser
import CisternClient
import Documents

struct PushCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "push",
        abstract: "Change the state of an application.",
        discussion: """
            Prints the position of the change once the server has it for good. The same id pushed again is harmless.

              cistern push board '{"title":"Plan","draft":null}'
              cistern push board --json-patch '[{"op":"remove","path":"/done"}]'
              cistern push board --cistern-patch --wait 5 \\
                '[{"op":"increment","path":"/votes","value":1}]'
              cistern state board --at-least "$(cistern push board '{"done":true}')"

            With - for the patch, each line of standard input is a change (JSON Lines). They are folded in exactly once and in order, while the
            server is restarted, too; the end says what became of them, and prints the position of the last one. The exit status is 1 if one was
            refused or rejected. Ctrl-C stops and says what was not sent; --keep sends it the next time.

              jq -c '.cards[]' cards.json | cistern push board -
              sensor | cistern push garden - --keep garden.queue
            """)

    @Argument(help: "The application. It is made if it does not exist.")
    var app: String

    @Argument(help: "The patch, or - for one a line from standard input.")
    var patch: String = "-"

    @Flag(help: "How the patch is meant.")
    var kind: KindFlag = .mergePatch

    @Option(help: "The change's id. (default: a new one)")
    var id: String?

    @Option(help: ArgumentHelp("Apply it only to the state of this version; * means any.", valueName: "version"))
    var ifMatch: String?

    @Flag(help: "Apply it only if nothing was applied before.")
    var ifNew = false

    @Option(
        help: ArgumentHelp("Wait until it is applied or rejected, at most this long (1 to 60).", valueName: "seconds"))
    var wait: Int?

    @Option(
        help: ArgumentHelp(
            "Of -, a file that keeps changes until they are folded in, also when this ends before.", valueName: "file"))
    var keep: String?

    @OptionGroup var server: ServerOptions

    enum KindFlag: String, EnumerableFlag {
        case mergePatch, jsonPatch, cisternPatch

        static func help(for value: KindFlag) -> ArgumentHelp? {
            switch value {
            case .mergePatch: "RFC 7396: members to set, null to remove."
            case .jsonPatch: "RFC 6902: a list of operations."
            case .cisternPatch: "RFC 6902 with increment, min, max, union, subtract and timestamp."
            }
        }

        var kind: Change.Kind {
            switch self {
            case .mergePatch: .mergePatch
            case .jsonPatch: .jsonPatch
            case .cisternPatch: .cisternPatch
            }
        }
    }

    func validate() throws {
        if let wait, !(1...60).contains(wait) { throw ValidationError("--wait takes 1 to 60 seconds.") }
        if patch == "-", id != nil || ifMatch != nil || ifNew || wait != nil {
            throw ValidationError(
                "--id, --if-match, --if-new and --wait are for a single change, not for standard input.")
        }
        if patch != "-", keep != nil { throw ValidationError("--keep is for changes from standard input.") }
        if ifMatch != nil, ifNew { throw ValidationError("--if-match and --if-new exclude each other.") }
        _ = try condition()
    }

    func condition() throws -> Change.Condition? {
        switch ifMatch {
        case nil: return ifNew ? .isNew : nil
        case "*": return .exists
        case let text?:
            guard let version = Version(text) else {
                throw ValidationError(
                    "--if-match takes a version such as mgz3k1-57, as “cistern state -v” shows it, or *.")
            }
            return .version(version)
        }
    }

    func run() async throws {
        let client = try server.client()
        if patch == "-" {
            return try await LinePush(app: app, kind: kind.kind, keep: keep, patience: server.patienceTime)
                .run(client)
        }
        let bytes = Array(patch.utf8)
        try check(bytes)
        let change = Change(id: id ?? TimedID.next(), kind.kind, JSONText(bytes: bytes), if: try condition())
        let acknowledgement = try await client.application(app).push(change, wait: wait.map { .seconds($0) })
        Terminal.output.print(acknowledgement.position.description)
        try report(acknowledgement)
        await client.shutdown()
    }

    /// Before it is sent: whoever mistypes JSON sees where, even without a server.
    private func check(_ bytes: [UInt8]) throws {
        let document: Document
        do { document = try Document(parsing: bytes) } catch {
            throw Failure(.data, "The patch is not JSON: at byte \(error.offset), \(error.message).")
        }
        if kind == .mergePatch, document.count > 0, document.elements.contains(where: { $0["op"] != nil }) {
            Terminal.error.print(
                "Note: as a merge patch this list replaces the whole state. For operations use --json-patch or --cistern-patch."
            )
        }
    }

    private func report(_ acknowledgement: Acknowledgement) throws {
        let prefix = acknowledgement.isNew == false ? "Known already: " : ""
        switch acknowledgement.outcome {
        case .applied:
            if wait != nil || !prefix.isEmpty { Terminal.error.print("\(prefix)“\(acknowledgement.id)” is applied.") }
        case .pending:
            if wait != nil {
                throw Failure(
                    .failed,
                    "“\(acknowledgement.id)” is accepted, but after \(wait ?? 0) s still neither applied nor rejected.",
                    advice: "It is not lost. Does a merge-daemon run? “cistern status \(app)” shows what is pending.")
            }
            if !prefix.isEmpty { Terminal.error.print("\(prefix)“\(acknowledgement.id)” waits to be merged.") }
        case .rejected(let reason): throw Failure(.failed, "\(prefix)“\(acknowledgement.id)” was rejected: \(reason)")
        case .dropped:
            throw Failure(.failed, "“\(acknowledgement.id)” was dropped, because the application was deleted.")
        }
    }
}
