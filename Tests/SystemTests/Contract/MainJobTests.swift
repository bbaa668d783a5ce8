import Documents
import Foundation
import Synchronization
import SystemSupport
import TestSupport
import Testing

@Suite("The main job", .timeLimit(.minutes(20)))
struct MainJobTests {
    @Test("200 clients at once on one application: positions without gaps, everything applied once")
    func manyClients() async throws {
        try await withCistern(CisternOptions(layout: .split, mergeDaemons: 2)) { system in
            let positions = try await withThrowingTaskGroup(of: [Int].self) { group in
                for client in 0..<200 {
                    group.addTask {
                        var positions: [Int] = []
                        for number in 1...3 {
                            let answer = try await system.push(
                                #"[{"op":"increment","path":"/n","value":1},"#
                                    + #"{"op":"increment","path":"/c\#(client)","value":1}]"#,
                                .cistern, id: "c\(client)~\(number)")
                            try #require(answer.status == 201, "\(answer.text)")
                            positions.append(try #require(answer.member("position")?.integerValue))
                        }
                        #expect(positions == positions.sorted())
                        return positions
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(positions.sorted() == Array(1...600))
            let state = try await system.settled()
            #expect(state.json["n"]?.integerValue == 600)
            #expect((0..<200).allSatisfy { state.json["c\($0)"]?.integerValue == 3 })
        }
    }

    @Test("Two poll servers give the same bytes for the same version")
    func sameBytes() async throws {
        try await withCistern(CisternOptions(layout: .split, pollers: 2)) { system in
            let seen = Versions()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for poller in system.pollers {
                    group.addTask {
                        try await watch(system, "board", on: poller, seen) { $0.json["n"]?.integerValue == 200 }
                    }
                }
                for number in 1...200 {
                    let answer = try await system.push(
                        #"[{"op":"add","path":"/n","value":\#(number)},"#
                            + #"{"op":"add","path":"/k\#(number % 17)","value":[\#(number).50,{"b":1,"a":2}]}]"#,
                        number == 1 ? .cistern : .patch, id: "c\(number)")
                    try #require(answer.status == 201)
                }
                try await group.waitForAll()
            }
            #expect(seen.violations == [])
        }
    }

    @Test("300 generated changes come out as they do when they are folded by themselves")
    func generated() async throws {
        var changes = GeneratedChanges(seed: 42)
        let all = (1...300).map { _ in changes.next() }
        var state = Document.emptyObject
        var rejected: Set<Int> = []
        for (index, change) in all.enumerated() {
            let kind: PatchKind = change.type == .merge ? .mergePatch : .cisternPatch
            let patch = try Patch(parsing: Array(change.text.utf8), kind: kind)
            var next = state
            do {
                try next.apply(patch, time: 0)
                state = next
            } catch {
                rejected.insert(index)
            }
        }
        // Both kinds of outcome are there, or the test would show little.
        #expect(rejected.count > 5 && rejected.count < 150)
        try await withCistern(CisternOptions(layout: .split)) { [state, rejected] system in
            for (index, change) in all.enumerated() {
                let answer = try await system.push(change.text, change.type, id: "g~\(index + 1)")
                try #require(answer.status == 201, "\(change.text): \(answer.text)")
            }
            let found = try await system.settled()
            #expect(found.json.isSpelledLike(state))
            for index in all.indices {
                let status = try await system.get("/v1/apps/board/changes/g~\(index + 1)").member("status")?.stringValue
                #expect(status == (rejected.contains(index) ? "rejected" : "applied"), "\(index): \(all[index].text)")
            }
        }
    }

    @Test(
        "Recorded traces, pushed in parallel while pollers watch, end as the files did",
        .enabled(if: RecordedTraces.areThere, "no traces"))
    func traces() async throws {
        let traces = try RecordedTraces.all()
        try await withCistern(CisternOptions(layout: .split, mergeDaemons: 2)) { system in
            let seen = Versions()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for trace in traces {
                    group.addTask {
                        for change in trace.changes {
                            let answer = try await system.push(change.text, change.type, id: change.id, to: trace.name)
                            try #require(answer.status == 201, "\(change.id): \(answer.text.prefix(300))")
                        }
                    }
                    group.addTask {
                        try await watch(system, trace.name, on: system.poller, seen) {
                            $0.version?.hasSuffix("-\(trace.changes.count)") == true
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(seen.violations == [])
            for trace in traces {
                let state = try await system.settled(trace.name)
                #expect(state.json == trace.end, "\(trace.name)")
                #expect(
                    state.version?.hasSuffix("-\(trace.changes.count)") == true,
                    "\(trace.name): every change was applied")
            }
        }
    }
}

/// Polls as a client does, each time with the version it has, until the state is what is waited for.
private func watch(
    _ system: TestCistern, _ app: String, on server: DaemonProcess, _ seen: Versions, until isEnd: (Answer) -> Bool
) async throws {
    var known: String?
    let deadline = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < deadline {
        let answer = try await system.state(
            of: app, headers: known.map { [("If-None-Match", "\"\($0)\"")] } ?? [], from: server)
        switch answer.status {
        case 200:
            seen.saw(answer, of: app, after: known)
            known = answer.version
            if isEnd(answer) { return }
        case 304: #expect(answer.version == known)
        case 404: #expect(known == nil, "\(app) is gone")
        default: Issue.record("a poll was answered \(answer.refusal)")
        }
        try await Task.sleep(for: .milliseconds(20))
    }
    throw TestSupportError("\(app) did not become what it should within two minutes; it has \(known ?? "no version").")
}

/// What all pollers have seen: one version has the same bytes everywhere, and no poller's version ever goes down.
private final class Versions: Sendable {
    private struct State {
        var bytes: [String: [UInt8]] = [:]
        var violations: [String] = []
    }
    private let state = Mutex(State())

    var violations: [String] { state.withLock { $0.violations } }

    func saw(_ answer: Answer, of app: String, after known: String?) {
        state.withLock { state in
            guard let version = answer.version, let number = version.split(separator: "-").last.flatMap({ Int($0) })
            else {
                state.violations.append("a state of \(app) has no version")
                return
            }
            if let known, let last = known.split(separator: "-").last.flatMap({ Int($0) }), last >= number {
                state.violations.append("\(app): \(known) was followed by \(version)")
            }
            if let other = state.bytes.updateValue(answer.bytes, forKey: "\(app) \(version)"), other != answer.bytes {
                state.violations.append("\(app) \(version) had different bytes")
            }
        }
    }
}
