import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Administration", .timeLimit(.minutes(20)))
struct AdministrationTests {
    @Test("An application says where it stands")
    func application() async throws {
        try await withCistern(.split) { system in
            let before = Date.now.addingTimeInterval(-1)
            #expect(try await system.get("/v1/apps/board").refusal == "404 unknown-app")
            #expect(try await system.outcome(#"{"a":1}"#, id: "c1") == "applied")
            #expect(try await system.outcome(#"[{"op":"remove","path":"/b"}]"#, .patch, id: "c2") == "path-not-found")
            try await system.merger.stop()
            let epoch = try #require(try await system.push("{}", id: "c3").member("epoch")?.stringValue)
            let answer = try await system.get("/v1/apps/board")
            #expect(answer.status == 200)
            #expect(
                Set(answer.json.members.map(\.name))
                    == ["app", "epoch", "version", "position", "tail", "pending", "bytes", "checkpoint", "times"])
            #expect(answer.member("app")?.stringValue == "board")
            #expect(answer.member("epoch")?.stringValue == epoch)
            for (name, value) in [("version", 1), ("position", 2), ("tail", 3), ("pending", 1), ("bytes", 7)] {
                #expect(answer.member(name)?.integerValue == value, "\(name)")
            }
            #expect((0...2).contains(answer.member("checkpoint")?.integerValue ?? -1))
            let times = try ["created", "pushed", "merged"].map { name in
                try Date(
                    try #require(answer.member("times")?[name]?.stringValue),
                    strategy: Date.ISO8601FormatStyle(includingFractionalSeconds: true))
            }
            #expect(times[0] > before && times[0] <= times[1] && times[2] < Date.now.addingTimeInterval(1))
        }
    }

    @Test("Applications are listed in pages, by prefix")
    func list() async throws {
        try await withCistern { system in
            #expect(try await system.get("/v1/apps").text == #"{"apps":[]}"#)
            let names = (0..<25).map { "app-\($0 + 10)" } + ["other", "App"]
            for name in names { #expect(try await system.push("{}", id: "c1", to: name).status == 201) }
            func page(_ query: String) async throws -> (names: [String], next: String?) {
                let answer = try await system.get("/v1/apps\(query)")
                #expect(answer.status == 200, "\(query): \(answer.text)")
                return (
                    (answer.member("apps")?.elements).map { $0.compactMap { $0["app"]?.stringValue } } ?? [],
                    answer.member("next")?.stringValue
                )
            }
            let all = try await page("")
            #expect(all.names == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
            #expect(all.next == nil)
            var found: [String] = []
            var next: String?
            repeat {
                let part = try await page("?prefix=app-&limit=10" + (next.map { "&after=\($0)" } ?? ""))
                #expect(part.names.count <= 10)
                found += part.names
                next = part.next
            } while next != nil
            #expect(found == names.filter { $0.hasPrefix("app-") })
            #expect(try await page("?prefix=app-&limit=25").next == nil)
            #expect(try await page("?after=app-33").names == ["app-34", "other"])
            #expect(try await page("?prefix=zzz").names == [])
            #expect(try await page("?limit=1000").names.count == 27)
            for query in ["?limit=0", "?limit=1001", "?limit=x", "?limit=", "?after=-"] {
                #expect(try await system.get("/v1/apps\(query)").refusal == "400 invalid-parameter", "\(query)")
            }
            // One object looks the same in the list and by itself.
            try await system.untilMerged("other")
            // A checkpoint may come between the two.
            try await eventually("the list shows the same object") {
                let alone = try await system.get("/v1/apps/other").text
                return try await system.get("/v1/apps?prefix=other").text == #"{"apps":[\#(alone)]}"#
            }
        }
    }

    @Test("The changes that are still in the log are listed with their status")
    func changes() async throws {
        try await withCistern { system in
            #expect(try await system.get("/v1/apps/board/changes").refusal == "404 unknown-app")
            // Soon after the last change a merge daemon takes merged ones out of the log, so this is a race.
            var app = ""
            var answer = try await system.get("/v1/apps")
            for attempt in 1...20 where answer.member("changes")?.count != 3 {
                app = "board-\(attempt)"
                _ = try await system.push(#"{"a":1}"#, id: "c1", to: app)
                #expect(
                    try await system.outcome(#"[{"op":"remove","path":"/b"}]"#, .patch, id: "c2", to: app)
                        == "path-not-found")
                system.merger.kill()
                _ = try await system.push(#"{"a":3}"#, id: "c3", to: app)
                answer = try await system.get("/v1/apps/\(app)/changes")
                if answer.member("changes")?.count != 3 { try await system.merger.launch() }
            }
            let listed = Array(try #require(answer.member("changes")).elements)
            try #require(listed.count == 3)
            #expect(listed.map { $0["position"]?.integerValue } == [1, 2, 3])
            #expect(listed.map { $0["status"]?.stringValue } == ["applied", "rejected", "pending"])
            #expect(listed.map { $0["id"]?.stringValue } == ["c1", "c2", "c3"])
            #expect(listed[1]["reason"]?["type"]?.stringValue == "/problems/path-not-found")
            let page = try await system.get("/v1/apps/\(app)/changes?after=1&limit=1")
            #expect(page.member("changes")?.elements.map { $0["id"]?.stringValue } == ["c2"])
            #expect(page.member("next")?.integerValue == 2)
            #expect(try await system.get("/v1/apps/\(app)/changes?after=3").text == #"{"changes":[]}"#)
            for query in ["?limit=0", "?limit=1001", "?after=-1", "?after=x"] {
                #expect(
                    try await system.get("/v1/apps/\(app)/changes\(query)").refusal == "400 invalid-parameter",
                    "\(query)")
            }
        }
    }

    @Test("Deleting ends state and log; ids stay refused; the next new id begins a new epoch at position 1")
    func delete() async throws {
        try await withCistern(.split) { system in
            #expect(try await system.send("DELETE", "/v1/apps/board").refusal == "404 unknown-app")
            let first = try await system.push(#"{"a":1}"#, id: "c1")
            _ = try await system.push("{}", id: "k~1")
            let state = try await system.settled()
            let version = try #require(state.version)
            let mismatch = try await system.send("DELETE", "/v1/apps/board", headers: [("If-Match", "\"another-1\"")])
            #expect(mismatch.refusal == "412 precondition-failed")
            #expect(mismatch.member("version")?.stringValue == version)
            #expect(
                try await system.send("DELETE", "/v1/apps/board", headers: [("If-Match", "x")]).refusal
                    == "400 invalid-precondition")
            let deleted = try await system.send("DELETE", "/v1/apps/board", headers: [("If-Match", "W/\"\(version)\"")])
            #expect(deleted.status == 204)
            #expect(deleted.bytes.isEmpty)
            #expect(try await system.get("/v1/apps/board").refusal == "404 unknown-app")
            #expect(try await system.get("/v1/apps").text == #"{"apps":[]}"#)
            #expect(try await system.state("?fresh=1").refusal == "404 unknown-app")
            #expect(try await system.push(#"{"a":1}"#, id: "c1").refusal == "410 application-deleted")
            #expect(try await system.push(#"{"other":1}"#, id: "c1").refusal == "410 application-deleted")
            #expect(try await system.get("/v1/apps/board/changes/c1").refusal == "410 application-deleted")
            #expect(try await system.push("{}", id: "k~1").refusal == "410 application-deleted")

            let anew = try await system.push(#"{"b":2}"#, id: "c2")
            #expect(anew.status == 201)
            #expect(anew.member("position")?.integerValue == 1)
            #expect(anew.member("epoch")?.stringValue != first.member("epoch")?.stringValue)
            #expect(try await system.push(#"{"a":1}"#, id: "c1").refusal == "410 application-deleted")
            #expect(try await system.settled().text == #"{"b":2}"#)
            #expect(
                try await system.send("DELETE", "/v1/apps/board", headers: [("If-Match", version)]).refusal
                    == "412 precondition-failed")
        }
    }

    @Test("Who waits for a position of an application that is deleted is told at once")
    func waitersAreTold() async throws {
        try await withCistern(.split) { system in
            let receipt = try #require(try await system.push("{}", id: "c1").position)
            _ = try await system.settled()
            async let waiting = system.state("?at_least=\(receipt)0", headers: [("Prefer", "wait=30")])
            try await Task.sleep(for: .milliseconds(100))
            let start = ContinuousClock.now
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            #expect(try await waiting.refusal == "404 unknown-app")
            #expect(ContinuousClock.now - start < .seconds(3))
        }
    }

    @Test("A poller sees soon that an application was deleted")
    func pollersAreTold() async throws {
        try await withCistern(.split) { system in
            _ = try await system.push(#"{"a":1}"#, id: "c1")
            #expect(try await system.settled().status == 200)
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            let start = ContinuousClock.now
            while try await system.state().status != 404 {
                #expect(ContinuousClock.now - start < .seconds(3))
                try await Task.sleep(for: .milliseconds(5))
            }
        }
    }
}
