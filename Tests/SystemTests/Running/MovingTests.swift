import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Export, import and doctor", .timeLimit(.minutes(20)))
struct MovingTests {
    private struct Command {
        let status: Int
        let text: String
    }

    /// Runs `cistern` to its end.
    private func cistern(_ arguments: [String], in folder: String) async throws -> Command {
        let output = "\(folder)/cistern-\(UUID().uuidString)"
        let process = ChildProcess(
            executable: try DaemonProcess.folder() + "/cistern", arguments: arguments, output: output)
        try process.launch()
        try await eventually(within: .seconds(100), "cistern \(arguments) ends") { !process.isRunning }
        let status = process.ending.split(separator: " ").last.flatMap { Int($0) } ?? -1
        return Command(status: status, text: (try? String(contentsOfFile: output, encoding: .utf8)) ?? "")
    }

    private func servers(_ system: TestCistern) -> [String] {
        ["--url", system.poller.url, "--push-url", system.bucket.url]
    }

    private static let applications = 200

    private func fill(_ system: TestCistern) async throws {
        for number in 0..<Self.applications {
            // One is larger than a single change may be.
            let size = number == 17 ? 3 : 1
            for part in 0..<size {
                let text = String(repeating: "é\(number)", count: size > 1 ? 200_000 : number)
                let answer = try await system.push(
                    #"{"n\#(part)":\#(number).50,"part\#(part)":{"text":"\#(text)","list":[1e2,[],{"a/~b":null}]}}"#,
                    id: "c~\(part + 1)", to: "app-\(number)")
                #expect(answer.status == 201)
            }
        }
    }

    private func states(_ system: TestCistern) async throws -> [String: [UInt8]] {
        var states: [String: [UInt8]] = [:]
        for number in 0..<Self.applications {
            let answer = try await system.state(of: "app-\(number)", "?fresh=1")
            if answer.status == 200 { states["app-\(number)"] = answer.bytes }
        }
        return states
    }

    @Test("200 applications come to another store byte for byte, though the import was broken off and repeated")
    func roundTrip() async throws {
        try await withCistern(.split) { old in
            try await fill(old)
            let file = "\(old.redis.folder)/all.ndjson"
            let exported = try await cistern(
                ["export", "--all", "--output", file] + servers(old), in: old.redis.folder)
            #expect(exported.status == 0, "\(exported.text)")
            let before = try await states(old)
            #expect(before.count == Self.applications)
            try await withCistern(.split) { new in
                // Broken off: the first half of the file, and a line in two.
                let bytes = try Data(contentsOf: URL(filePath: file))
                let half = "\(old.redis.folder)/half.ndjson"
                try bytes.prefix(bytes.count / 2).write(to: URL(filePath: half))
                let broken = try await cistern(["import", half] + servers(new), in: old.redis.folder)
                #expect(broken.status == 65, "\(broken.text)")
                let whole = try await cistern(["import", file] + servers(new), in: old.redis.folder)
                #expect(whole.status == 0, "\(whole.text)")
                #expect(try await states(new) == before)
                // Once more: nothing is doubled, nothing is changed.
                let again = try await cistern(["import", file] + servers(new), in: old.redis.folder)
                #expect(again.status == 0, "\(again.text)")
                #expect(again.text.contains("200 there already"), "\(again.text)")
                #expect(try await states(new) == before)

                // What exists is left alone unless somebody says otherwise.
                let other = try await new.push(#"{"mine":1}"#, id: "x1", to: "app-3")
                #expect(other.status == 201)
                let changed = try await cistern(["import", file] + servers(new), in: old.redis.folder)
                #expect(changed.status == 1 && changed.text.contains("app-3 was imported before"), "\(changed.text)")
                let stranger = try await cistern(["import", file, "--run", "2"] + servers(new), in: old.redis.folder)
                #expect(stranger.status == 1 && stranger.text.contains("200 left alone"), "\(stranger.text)")
                #expect(try await new.state(of: "app-3", "?fresh=1").member("mine") != nil)
                let replaced = try await cistern(["import", file, "--replace"] + servers(new), in: old.redis.folder)
                #expect(replaced.status == 0, "\(replaced.text)")
                #expect(try await states(new) == before)
            }
        }
    }

    private struct Diagnosis {
        let status: Int
        let all: [(level: String, subject: String, text: String)]
    }

    /// What the doctor finds of a system with Redis at that address.
    private func diagnosis(_ system: TestCistern, redis url: String) async throws -> Diagnosis {
        let options = [
            "doctor", "--json", "--redis-url", url, "--memcached",
            system.memcacheds.map { "unix://\($0.address)" }.joined(separator: ","),
        ]
        let command = try await cistern(options, in: system.redis.folder)
        let document = try Document(parsing: Array(command.text.utf8))
        let all = (document["findings"]?.elements.map { $0 } ?? []).map {
            ($0["level"]?.stringValue ?? "", $0["subject"]?.stringValue ?? "", $0["text"]?.stringValue ?? "")
        }
        return Diagnosis(status: command.status, all: all)
    }

    @Test("The doctor finds a test's deployment usable, and a dead merge daemon and memcached missing")
    func doctor() async throws {
        try await withCistern(.split) { system in
            let answer = try await system.push(#"{"a":1}"#, id: "c1")
            _ = try await system.state("?at_least=\(try #require(answer.position))")
            try await eventually(within: .seconds(20), "all daemons have told how they are") {
                try await diagnosis(system, redis: system.redis.url).all.contains {
                    $0.text == "Every partition is worked in."
                }
            }
            let well = try await diagnosis(system, redis: system.redis.url)
            #expect(!well.all.contains { $0.level == "wrong" }, "\(well.all)")
            #expect(well.all.contains { $0.subject.hasPrefix("poll server") && $0.level == "ok" }, "\(well.all)")
            #expect(well.all.contains { $0.subject.hasPrefix("state-poll") }, "\(well.all)")
            #expect(!well.all.contains { $0.text.contains("webhooks") }, "\(well.all)")

            try await system.hook("w1", at: "https://hooks.example/")
            let mute = try await diagnosis(system, redis: system.redis.url)
            #expect(mute.all.contains { $0.level == "wrong" && $0.text == "No daemon by which webhooks are sent." })

            system.merger.kill()
            system.memcacheds[0].remove()
            try await eventually(within: .seconds(20), "both are missed") {
                let sick = try await diagnosis(system, redis: system.redis.url)
                return sick.status == 2
                    && sick.all.contains { $0.level == "wrong" && $0.subject.hasPrefix("memcached") }
                    && sick.all.contains { $0.text.contains("No daemon by which changes are merged") }
            }
        }
    }

    @Test("The doctor finds the primary by sentinels and in a list of servers, also after a promotion")
    func doctorFindsPrimary() async throws {
        try await withReplication { group in
            try await withCistern(CisternOptions(layout: .split, replication: group)) { system in
                func expect(_ primary: TestRedis) async throws {
                    let place = "answers at \(try #require(primary.tcpURL))."
                    for url in [group.url, group.listURL] {
                        try await eventually(within: .seconds(20), "\(place) says the doctor, given \(url)") {
                            let found = try await diagnosis(system, redis: url)
                            return found.all.contains { $0.subject == "redis" && $0.text.hasSuffix(place) }
                                && found.all.contains { $0.text == "Every partition is worked in." }
                        }
                    }
                }
                try await expect(group.servers[0])
                group.servers[0].kill()
                try await expect(try await group.promotion(from: group.servers[0]))
            }
        }
    }

    @Test("Where nobody names a primary the doctor says whom it asked, and what is wrong")
    func doctorWithoutPrimary() async throws {
        try await withCistern(.split) { system in
            let port = try freeLoopbackPort()
            let found = try await diagnosis(system, redis: "redis+sentinel://127.0.0.1:\(port)/any")
            #expect(found.status == 2)
            #expect(
                found.all.contains {
                    $0.level == "wrong" && $0.subject == "redis" && $0.text.contains("127.0.0.1:\(port)")
                },
                "\(found.all)")
        }
    }
}
