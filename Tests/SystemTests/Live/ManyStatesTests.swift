import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: many applications at once", .timeLimit(.minutes(20)))
struct ManyStatesTests {
    private static func path(_ apps: String) -> String { "/v1/states?apps=\(apps)" }

    @Test(
        "One answer has all that differ: states, patches from what the client has, null for unknown ones",
        arguments: Ways.many)
    func forms(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let filling = mixedText(300)
            let old = try await system.pushed(#"{"n":1,"filling":"\#(filling)"}"#, id: "c1", to: "a")
            let new = try await system.pushed(#"{"n":2}"#, id: "c2", to: "a")
            let same = try await system.pushed(#"{"s":[1.50]}"#, id: "c1", to: "b")
            let only = try await system.pushed(#"{"o":null,"p":1}"#, id: "c1", to: "c")
            let apps = "a@\(old.version ?? ""),b@\(same.version ?? ""),c,none,z@otherepoch00-5"

            let full = try await system.get(Self.path(apps))
            #expect(full.status == 200, "\(full.text)")
            #expect(full["Content-Type"] == "application/json")
            #expect(full["Cache-Control"] == "no-cache")
            #expect(full["Cistern-Poll-Interval"] == "250")
            #expect(full["Vary"]?.contains("A-IM") == true)
            #expect(full.json.members.map(\.name) == ["a", "c", "none", "z"])
            #expect(full.json["a"]?["state"]?.encoded() == new.bytes)
            #expect(full.json["a"]?["version"]?.stringValue == new.version)
            #expect(full.json["a"]?["position"]?.stringValue == new.position)
            #expect(full.json["a"]?["from"] == nil && full.json["a"]?["patch"] == nil)
            #expect(full.json["c"]?["state"]?.encoded() == only.bytes)
            #expect(full.json["none"]?.isNull == true && full.json["z"]?.isNull == true)

            for manipulation in Manipulation.allCases {
                let delta = try await system.get(Self.path(apps), headers: [("A-IM", manipulation.rawValue)])
                #expect(delta.json.members.map(\.name) == ["a", "c", "none", "z"])
                let change = try #require(delta.json["a"])
                #expect(change["from"]?.stringValue == old.version)
                #expect(change["version"]?.stringValue == new.version)
                #expect(change["position"]?.stringValue == new.position)
                #expect(change["state"] == nil)
                var copy = ClientCopy()
                copy.take(old)
                copy.takePatch(
                    manipulation.rawValue, from: change["from"]?.stringValue, to: change["version"]?.stringValue,
                    change["patch"]?.encoded() ?? [])
                #expect(copy.violations == [])
                #expect(copy.bytes == new.bytes)
                #expect(delta.json["c"]?["state"]?.encoded() == only.bytes)
            }
            #expect(try await system.get(Self.path("b@\(same.version ?? "")")).text == "{}")
            // Tokens are taken in all their spellings, and the order is the client's.
            let quoted = "W/%22\(same.version ?? "")%22"
            #expect(try await system.get(Self.path("b@\(quoted)")).text == "{}")
            #expect(try await system.get(Self.path("b%40\(same.version ?? "")%2Cnone")).text == #"{"none":null}"#)
            let head = try await system.send("HEAD", Self.path(apps))
            #expect(head.status == 200 && head.bytes.isEmpty && head["Content-Length"] == "\(full.bytes.count)")
        }
    }

    @Test("Lists that are none are refused, and a hundred applications are the most", arguments: Ways.many)
    func refusals(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            _ = try await system.pushed(#"{"n":1}"#, id: "c1", to: "a1")
            let hundred = (1...100).map { "a\($0)" }.joined(separator: ",")
            let answer = try await system.get(Self.path(hundred))
            #expect(answer.status == 200 && answer.json.count == 100)
            let more = try await system.get(Self.path(hundred + ",a101"))
            #expect(more.refusal == "400 invalid-parameter")
            #expect(more.member("limit")?.integerValue == 100)
            let refused = [
                Self.path(""), "/v1/states", Self.path("a,"), Self.path(",a"), Self.path("a,,b"), Self.path("a,a"),
                Self.path("a@e-1,b,a@e-2"), Self.path("-a"), Self.path("a%2Fb"),
                Self.path(String(repeating: "a", count: 129)), Self.path("a@"),
                Self.path("a@x"), Self.path("a@x-01"), Self.path("a@e-1@e-2"), Self.path("@e-1"),
                Self.path("a") + "&apps=b",
            ]
            for path in refused {
                let answer = try await system.get(path)
                #expect(answer.refusal == "400 invalid-parameter", "\(path): \(answer.refusal)")
            }
            let posted = try await system.send("POST", Self.path("a"), to: system.poller)
            #expect(posted.refusal == "405 method-not-allowed")
        }
    }

    @Test(
        "A wait ends when one of them differs, also by a first change, a deletion or a new epoch", arguments: Ways.many)
    func waits(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let a = try await system.pushed(#"{"n":1}"#, id: "c1", to: "a")
            let b = try await system.pushed(#"{"n":1}"#, id: "c1", to: "b")
            let apps = "a@\(a.version ?? ""),b@\(b.version ?? ""),soon"
            let headers = [("Prefer", "wait=30")]
            let start = ContinuousClock.now
            let changed = Task { try await system.get(Self.path(apps), headers: headers + [("A-IM", "json-patch")]) }
            let rejected = try await system.outcome(#"[{"op":"remove","path":"/x"}]"#, .patch, id: "r", to: "a")
            #expect(rejected == "path-not-found")
            try await Task.sleep(for: .milliseconds(300))
            let next = try await system.pushed(#"{"n":2}"#, id: "c2", to: "b")
            let first = try await changed.value
            #expect(first.json.members.map(\.name) == ["b", "soon"])
            #expect(first.json["b"]?["version"]?.stringValue == next.version)
            #expect(first["Preference-Applied"] == "wait=30")

            let known = "a@\(a.version ?? ""),b@\(next.version ?? "")"
            let created = Task { try await system.get(Self.path(known + ",soon"), headers: headers) }
            try await Task.sleep(for: .milliseconds(300))
            _ = try await system.pushed(#"{"s":1}"#, id: "c1", to: "soon")
            #expect(try await created.value.json["soon"]?["state"]?.text == #"{"s":1}"#)

            let deleted = Task { try await system.get(Self.path(known), headers: headers) }
            try await Task.sleep(for: .milliseconds(300))
            #expect(try await system.send("DELETE", "/v1/apps/b").status == 204)
            #expect(try await deleted.value.text == #"{"b":null}"#)
            // With a version for it that it is unknown is news at once.
            #expect(try await system.get(Self.path(known), headers: headers).text == #"{"b":null}"#)
            let again = try await system.pushed(#"{"n":3}"#, id: "c9", to: "b")
            let renewed = try await system.get(Self.path(known), headers: headers)
            #expect(renewed.json["b"]?["version"]?.stringValue == again.version)
            #expect(ContinuousClock.now - start < .seconds(28))
        }
    }

    @Test("Without news the wait ends in its last tenth, with what is unknown and no more", arguments: Ways.many)
    func ends(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let a = try await system.pushed(#"{"n":1}"#, id: "c1", to: "a")
            let start = ContinuousClock.now
            let answer = try await system.get(Self.path("a@\(a.version ?? ""),none"), headers: [("Prefer", "wait=3")])
            let time = ContinuousClock.now - start
            #expect(answer.text == #"{"none":null}"#)
            #expect(time >= .milliseconds(2_699) && time < .milliseconds(3_400), "\(time)")
            let now = ContinuousClock.now
            #expect(try await system.get(Self.path("a,none"), headers: [("Prefer", "wait=30")]).json.count == 2)
            #expect(ContinuousClock.now - now < .seconds(10))
        }
    }

    @Test("A client that follows a dozen applications in one poll ends with the bytes of each", arguments: Ways.many)
    func follows(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let apps = (1...12).map { "app\($0)" }
            try await withThrowingTaskGroup(of: Void.self) { group in
                for (index, app) in apps.enumerated() {
                    group.addTask {
                        var changes = GeneratedChanges(seed: UInt64(index))
                        _ = try await system.push(#"{"filling":"\#(mixedText(300))"}"#, id: "g~1", to: app)
                        for number in 2...40 {
                            let change = changes.next()
                            _ = try await system.push(change.text, change.type, id: "g~\(number)", to: app)
                        }
                        _ = try await system.push(#"{"end":true}"#, id: "g~41", to: app)
                    }
                }
                var copies = Dictionary(uniqueKeysWithValues: apps.map { ($0, ClientCopy()) })
                let end = ContinuousClock.now + .seconds(90)
                while !copies.values.allSatisfy({ $0.version?.number == 41 }), ContinuousClock.now < end {
                    let asked = apps.map { app in copies[app]?.version.map { "\(app)@\($0)" } ?? app }
                    let answer = try await system.get(
                        Self.path(asked.joined(separator: ",")),
                        headers: [("A-IM", "json-patch"), ("Prefer", "wait=20")])
                    try #require(answer.status == 200)
                    for (app, change) in answer.json.members {
                        if let state = change["state"] {
                            copies[app]?.takeState(change["version"]?.stringValue, state.encoded())
                        } else if let patch = change["patch"] {
                            copies[app]?.takePatch(
                                "json-patch", from: change["from"]?.stringValue, to: change["version"]?.stringValue,
                                patch.encoded())
                        }
                    }
                }
                try await group.waitForAll()
                for app in apps {
                    let state = try await system.settled(app)
                    #expect(copies[app]?.bytes == state.bytes, "\(app)")
                    #expect(copies[app]?.violations == [], "\(app)")
                }
                #expect(copies.values.reduce(0) { $0 + $1.patches } > 12)
            }
        }
    }
}
