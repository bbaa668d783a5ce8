import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: two servers behind one address", .timeLimit(.minutes(20)))
struct HoppingTests {
    enum Way: CaseIterable {
        case poll, delta, longPoll, longDelta, events, socket

        /// Those that a server has with lanes or without.
        static func all(lanes: String) -> [Way] { lanes == "yes" ? Array(allCases) : allCases.filter { $0 != .socket } }
    }

    /// Changes with enough in common that patches are smaller than the state, some of which are rejected.
    private static func push(_ system: TestCistern, _ count: Int) async throws {
        var changes = GeneratedChanges(seed: 99)
        for number in 2...count {
            let change = changes.next()
            let answer = try await system.push(change.text, change.type, id: "g~\(number)")
            try #require(answer.status == 201)
            if number % 20 == 0 { try await Task.sleep(for: .milliseconds(30)) }
        }
        let end = try await system.push(#"{"end":true}"#, id: "g~\(count + 1)")
        try #require(end.status == 201)
    }

    /// Hops between servers and ways at every request until it has the last version.
    private static func follow(
        _ system: TestCistern, lanes: String, seed: UInt64, until last: Int, comparedIn observations: Observations
    ) async throws -> ClientCopy {
        var numbers = SeededNumbers(seed: seed)
        var copy = ClientCopy(comparedIn: observations)
        let end = ContinuousClock.now + .seconds(120)
        while copy.version?.number != last, copy.violations.isEmpty, ContinuousClock.now < end {
            let server = numbers.pick(system.pollers)
            let manipulation = numbers.pick(Manipulation.allCases)
            var headers = copy.etag.map { [("If-None-Match", $0)] } ?? []
            switch numbers.pick(Way.all(lanes: lanes)) {
            case .poll: break
            case .delta: headers.append(("A-IM", manipulation.rawValue))
            case .longPoll: headers.append(("Prefer", "wait=1"))
            case .longDelta: headers += [("A-IM", manipulation.rawValue), ("Prefer", "wait=1")]
            case .events:
                let known = copy.version.map { [("Last-Event-ID", $0.description)] } ?? []
                let events = try await system.withEvents(
                    headers: known + [("A-IM", manipulation.rawValue)], from: server
                ) { stream in
                    // A few events, or none if there are none for a while.
                    for _ in 0..<20 where stream.events.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
                    return stream.events
                }
                for event in events { copy.take(event, manipulation) }
                continue
            case .socket:
                let have = copy.version.map { "&have=\($0)" } ?? ""
                let words = try await system.withSocket("?delta=\(manipulation.rawValue)\(have)", from: server) {
                    socket in
                    for _ in 0..<20 where socket.words.count < 3 { try await Task.sleep(for: .milliseconds(10)) }
                    return socket.words
                }
                for word in words { copy.take(word) }
                continue
            }
            copy.take(try await system.state(headers: headers, from: server))
        }
        return copy
    }

    @Test(
        "Clients that hop between servers and ways never go back, miss nothing and end with the same bytes",
        arguments: Ways.polls)
    func hopping(_ lanes: String) async throws {
        let count = 300
        try await withCistern(.live(lanes: lanes, pollers: 2)) { system in
            let observations = Observations()
            _ = try await system.pushed(#"{"filling":"\#(mixedText(800))"}"#, id: "g~1")
            try await withThrowingTaskGroup(of: ClientCopy?.self) { group in
                group.addTask {
                    try await Self.push(system, count)
                    return nil
                }
                for client in 0..<12 {
                    group.addTask {
                        try await Self.follow(
                            system, lanes: lanes, seed: UInt64(client), until: count + 1, comparedIn: observations)
                    }
                }
                var copies: [ClientCopy] = []
                for try await copy in group { if let copy { copies.append(copy) } }
                let state = try await system.settled()
                for copy in copies {
                    #expect(copy.violations == [])
                    #expect(copy.bytes == state.bytes)
                }
                #expect(copies.reduce(0) { $0 + $1.patches } > 50)
                #expect(observations.violations == [])
            }
        }
    }

    @Test(
        "A client that is ahead of a server waits there for what comes after its version, and gets no older one",
        arguments: Ways.polls)
    func ahead(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes, pollers: 2)) { system in
            var last = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            // Both know the application, and nobody publishes: whoever is asked to fold is ahead.
            _ = try await system.state(from: system.pollers[1])
            try await system.merger.stop()
            for number in 1...15 {
                _ = try await system.push("{\"n\":\(number)}", id: "c\(number)")
                last = try await system.state("?fresh=1", from: system.pollers[0])
                #expect(last.json["n"]?.integerValue == number)
                let other = system.pollers[1]
                switch number % 4 {
                case 0:
                    let answer = try await system.state(headers: last.next(.mergePatch), from: other)
                    #expect(answer.status == 304, "\(answer.status) \(answer.text)")
                case 1:
                    let answer = try await system.state(headers: last.next(wait: 1), from: other)
                    #expect(answer.status == 304 && answer["ETag"] == last["ETag"], "\(answer.status) \(answer.text)")
                case 2 where lanes == "yes":
                    try await system.withSocket("?have=\(last.version ?? "")", from: other) { socket in
                        try await Task.sleep(for: .milliseconds(300))
                        #expect(socket.words == [])
                    }
                default:
                    let many = try await system.get("/v1/states?apps=board@\(last.version ?? "")", from: other)
                    #expect(many.text == "{}", "\(many.text)")
                    try await system.withEvents(headers: [("Last-Event-ID", last.version ?? "")], from: other) {
                        stream in
                        try await Task.sleep(for: .milliseconds(300))
                        #expect(stream.events == [])
                    }
                }
            }
            async let waiting = system.state(headers: last.next(.jsonPatch, wait: 40), from: system.pollers[1])
            try await system.merger.launch()
            let receipt = try await system.push(#"{"n":"end"}"#, id: "end").position
            let answer = try await waiting
            #expect(answer.status == 226 && answer.version == receipt, "\(answer.status) \(answer.text)")
        }
    }
}
