import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: waiting for the next version", .timeLimit(.minutes(20)))
struct LongPollTests {
    /// Gives a request that was just sent the time to arrive. One that has not arrived yet is answered the same, only not by waking up.
    private static func isHeldBack(_ body: () async throws -> Void) async throws {
        try await Task.sleep(for: .milliseconds(150))
        try await body()
    }

    @Test(
        "The next version ends the wait, by itself or as a delta, and says what preference was followed",
        arguments: Ways.polls)
    func wakes(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            var last = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            for number in 1...20 {
                let before = last
                let manipulation = [nil, Manipulation.mergePatch, .jsonPatch][number % 3]
                async let waiting = system.state(headers: before.next(manipulation, wait: 40))
                let start = ContinuousClock.now
                let pushed = try await system.push("{\"n\":\(number)}", id: "c\(number)")
                let answer = try await waiting
                // By the change, far before the wait is over.
                #expect(ContinuousClock.now - start < .seconds(20))
                #expect(answer.status == (manipulation == nil ? 200 : 226), "\(answer.text)")
                #expect(answer.version == pushed.position)
                #expect(answer["Preference-Applied"] == "wait=40")
                var copy = ClientCopy()
                copy.take(before)
                copy.take(answer)
                last = try await system.state()
                #expect(copy.violations == [])
                #expect(copy.bytes == last.bytes)
            }
        }
    }

    @Test("Without a change 304 comes in the last tenth of the wait", arguments: Ways.polls)
    func ends(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            try await withThrowingTaskGroup(of: (Answer, Duration).self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        let start = ContinuousClock.now
                        let answer = try await system.state(headers: state.next(.mergePatch, wait: 5))
                        return (answer, ContinuousClock.now - start)
                    }
                }
                var times: [Duration] = []
                for try await (answer, time) in group {
                    #expect(answer.status == 304)
                    #expect(answer["ETag"] == state["ETag"])
                    #expect(answer.position == state.position)
                    #expect(answer["Preference-Applied"] == "wait=5")
                    times.append(time)
                }
                #expect(times.allSatisfy { $0 >= .milliseconds(4_499) }, "\(times)")
                // The way there and back is not the server's, hence the room behind the end.
                #expect(times.allSatisfy { $0 < .milliseconds(5_400) }, "\(times)")
                #expect(
                    (times.max() ?? .zero) - (times.min() ?? .zero) > .milliseconds(50),
                    "all came back together: \(times)")
            }
        }
    }

    @Test("Waits that are none, or have nothing to wait for, are answered at once", arguments: Ways.polls)
    func atOnce(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"n":0}"#, id: "c1")
            let state = try await system.pushed(#"{"n":1}"#, id: "c2")
            let start = ContinuousClock.now
            #expect(try await system.state(headers: [("Prefer", "wait=50")]).bytes == state.bytes)
            #expect(try await system.state(headers: first.next(wait: 50)).bytes == state.bytes)
            for prefer in ["wait=0", "wait", "wait=", "wait=-1", "wait=x", "respond-async", "wait=1.5"] {
                let answer = try await system.state(headers: state.next() + [("Prefer", prefer)])
                #expect(answer.status == 304, "\(prefer)")
                #expect(answer["Preference-Applied"] == (prefer == "wait=0" ? "wait=0" : nil), "\(prefer)")
            }
            #expect(
                try await system.state("?at_least=\(state.position ?? "")", headers: first.next(wait: 50)).status == 200
            )
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test("A wait of more than a minute is one of a minute", arguments: Ways.polls)
    func capped(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            var state = try await system.pushed(#"{"n":0}"#, id: "c1")
            for (number, wait) in ["61", "86400", "99999999999999999999999"].enumerated() {
                let waiting = Task { [state] in
                    try await system.state(headers: state.next() + [("Prefer", "return=minimal, wait=\(wait)")])
                }
                try await Self.isHeldBack { state = try await system.pushed("{\"n\":\(number + 1)}", id: "w\(number)") }
                #expect(try await waiting.value["Preference-Applied"] == "wait=60")
            }
        }
    }

    @Test(
        "An unknown application is waited for until its first change, and is 404 in time otherwise",
        arguments: Ways.polls)
    func unknown(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            async let none = system.state(of: "never", headers: [("Prefer", "wait=2")])
            async let waiting = system.state(of: "soon", headers: [("Prefer", "wait=40")])
            async let parted = system.state(of: "soon", "?path=/a", headers: [("Prefer", "wait=40")])
            let start = ContinuousClock.now
            try await Self.isHeldBack { _ = try await system.push(#"{"a":1}"#, id: "c1", to: "soon") }
            let first = try await waiting
            #expect(first.status == 200)
            #expect(first.text == #"{"a":1}"#)
            #expect(try await parted.text == "1")
            #expect(ContinuousClock.now - start < .seconds(20))
            let absent = try await none
            #expect(absent.refusal == "404 unknown-app")
            #expect(ContinuousClock.now - start >= .milliseconds(1_799))
            #expect(try await system.state(of: "never").refusal == "404 unknown-app")
        }
    }

    @Test("What the wait for a first change says of the preference that was followed", arguments: Ways.polls)
    func unknownPreference(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            async let waiting = system.state(of: "soon", headers: [("Prefer", "wait=40")])
            try await Self.isHeldBack { _ = try await system.push(#"{"a":1}"#, id: "c1", to: "soon") }
            #expect(try await waiting["Preference-Applied"] == "wait=40")
        }
    }

    @Test("Rejected changes wake nobody, and the answer has their position", arguments: Ways.polls)
    func rejected(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let start = ContinuousClock.now
            async let waiting = system.state(headers: state.next(wait: 4))
            for number in 1...10 {
                let outcome = try await system.outcome(
                    #"[{"op":"test","path":"/n","value":1}]"#, .patch, id: "r\(number)")
                #expect(outcome == "test-failed")
            }
            let answer = try await waiting
            #expect(answer.status == 304)
            #expect(answer["ETag"] == state["ETag"])
            #expect(answer.position?.hasSuffix("-11") == true, "\(answer.position ?? "")")
            #expect(ContinuousClock.now - start >= .milliseconds(3_599))
        }
    }

    @Test("The end of the application ends the wait", arguments: Ways.polls)
    func deleted(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let start = ContinuousClock.now
            async let waiting = system.state(headers: state.next(wait: 30))
            try await Self.isHeldBack {
                let deleted = try await system.send("DELETE", "/v1/apps/board")
                #expect(deleted.status == 204)
            }
            #expect(try await waiting.refusal == "404 unknown-app")
            #expect(ContinuousClock.now - start < .seconds(15))
        }
    }

    @Test("An application that was deleted and made again is told with its new epoch", arguments: Ways.polls)
    func newEpoch(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            let new = try await system.pushed(#"{"n":"new"}"#, id: "c2")
            let answer = try await system.state(headers: state.next(.mergePatch, wait: 30))
            #expect(answer.status == 200)
            #expect(answer.bytes == new.bytes)
            #expect(Token(answer.version)?.epoch != Token(state.version)?.epoch)
        }
    }

    @Test("at_least comes first, and the rest of the time is for the next version", arguments: Ways.polls)
    func atLeast(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"n":0}"#, id: "c1")
            let start = ContinuousClock.now
            let answer = try await system.state("?at_least=\(state.position ?? "")", headers: state.next(wait: 2))
            #expect(answer.status == 304)
            #expect(ContinuousClock.now - start >= .milliseconds(1_799))
            let epoch = Token(state.version)?.epoch ?? ""
            let late = try await system.state("?at_least=\(epoch)-9", headers: state.next(wait: 2))
            #expect(late.refusal == "503 not-yet-merged")
            // Both of them take no longer than one wait.
            #expect(ContinuousClock.now - start < .milliseconds(4_800))
        }
    }
}
