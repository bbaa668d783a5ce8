import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Socket: slow readers, stops and outages", .timeLimit(.minutes(20)))
struct SocketFaultTests {
    private static let two = CisternOptions(layout: .split, pollers: 2)

    @Test(
        "A reader that sleeps through many versions costs no memory for them, and then has the newest, never an older one"
    )
    func slowReader() async throws {
        try await withCistern(.split) { system in
            let size = 200_000
            func change(_ number: Int) -> String {
                #"{"n":\#(number),"t":"\#(mixedText(size, seed: UInt64(number)))"}"#
            }
            _ = try await system.pushed(change(0), id: "c0")
            try await system.withSocket("?presence=1") { awake in
                var sleepers: [LiveSocket] = []
                for number in 0..<20 {
                    let sleeper = try await system.openSocket(
                        number % 2 == 0 ? "?presence=1" : "?delta=json-patch", receiveBuffer: 32_768)
                    try await sleeper.word("the first state", { $0.isState })
                    try await sleeper.read(false)
                    sleepers.append(sleeper)
                }
                defer { for sleeper in sleepers { sleeper.drop() } }
                for number in 1...15 { _ = try await system.pushed(change(number), id: "c\(number)") }
                let before = try await system.metric("process_resident_memory_bytes", at: system.poller)
                for number in 16...89 { _ = try await system.push(change(number), id: "c\(number)") }
                _ = try await system.appear("ann", "1", ttl: 60)
                let last = try await system.pushed(change(90), id: "c90")
                try await awake.word("the newest", within: .seconds(30)) { $0.version == last.version }
                #expect(awake.copy().violations == [])
                let grown = try await system.metric("process_resident_memory_bytes", at: system.poller) - before
                // 20 readers with 75 versions of 200 KB each would be 300 MB.
                #expect(grown < 64 << 20, "grown by \(grown >> 20) MiB")
                for sleeper in sleepers { try await sleeper.read(true) }
                for (number, sleeper) in sleepers.enumerated() {
                    try await sleeper.word("the newest") { $0.version == last.version }
                    let copy = sleeper.copy()
                    #expect(copy.violations == [])
                    let isSame = copy.bytes == last.bytes
                    #expect(isSame)
                    #expect(sleeper.words.count < 45, "\(sleeper.words.count) words")
                    if number % 2 == 0 {
                        try await sleeper.word("who is here") { word in
                            if case .presence(let text) = word { text.contains("ann") } else { false }
                        }
                    }
                }
            }
        }
    }

    @Test(
        "A server that is told to stop says 1001 to every socket and ends in time, also with peers that do not answer")
    func stop() async throws {
        try await withCistern(Self.two) { system in
            let state = try await system.pushed(#"{"a":1,"filling":"\#(mixedText(300))"}"#, id: "c1")
            var sockets: [LiveSocket] = []
            for _ in 0..<50 { sockets.append(try await system.openSocket()) }
            for socket in sockets { try await socket.has(1) }
            let silent = try await system.openSocket()
            try await silent.has(1)
            try await silent.read(false)
            defer { for socket in sockets + [silent] { socket.drop() } }
            let start = ContinuousClock.now
            system.poller.askToStop()
            for socket in sockets {
                try await eventually("the socket ends") { socket.received.hasEnded }
                #expect(socket.received.closeCode == 1001)
            }
            #expect(ContinuousClock.now - start < .seconds(3))
            try await eventually(within: .seconds(15), "it stops") { !system.poller.isRunning }
            #expect(!system.poller.logged.contains("rror:"), "\(system.poller.logged.suffix(1_000))")
            // They go on at the other server where they were. It has to have served what they have.
            _ = try await system.state(from: system.pollers[1])
            try await system.withSocket("?have=\(state.version ?? "")", from: system.pollers[1]) { back in
                let next = try await system.push(#"{"a":2}"#, id: "c2").position
                try await back.has(1)
                #expect(back.words.first?.isPatch == true && back.words.first?.version == next)
            }
        }
    }

    @Test("A peer that has vanished is let go; one that only says nothing stays")
    func vanished() async throws {
        try await withCistern(.split) { system in
            try await system.withSocket { quiet in
                let vanished = try await system.openSocket("?client=ann")
                defer { vanished.drop() }
                try await vanished.send(#"{"presence":1,"ttl":300}"#)
                try await eventually("both follow") {
                    try await system.metric("cistern_poll_followers", at: system.poller) == 2
                }
                try await vanished.read(false)
                try await eventually(within: .seconds(40), poll: .milliseconds(100), "the one that is silent is let go")
                {
                    try await system.metric("cistern_poll_followers", at: system.poller) == 1
                }
                #expect(try await system.present().text == #"{"clients":{}}"#)
                try await eventually(within: .seconds(25), "the other is pinged") { quiet.received.pings > 0 }
                let state = try await system.pushed(#"{"a":1}"#, id: "c1")
                try await quiet.word("the state") { $0.version == state.version }
            }
        }
    }

    @Test("Clients of a server that is killed come back with what they have, and nothing that was acknowledged is lost")
    func killed() async throws {
        try await withCistern(.split) { system in
            let each = 120
            try await withThrowingTaskGroup(of: ClientCopy.self) { group in
                for client in 0..<6 {
                    group.addTask { try await Self.pushThrough(system, client, each) }
                }
                group.addTask {
                    for _ in 1...3 {
                        try await Task.sleep(for: .milliseconds(400))
                        try await system.poller.restart()
                    }
                    return ClientCopy()
                }
                var copies: [ClientCopy] = []
                for try await copy in group { copies.append(copy) }
                let last = try await system.settled()
                #expect(
                    last.text == "{\((0..<6).map { "\"p\($0)\":\(each * (each + 1) / 2)" }.joined(separator: ","))}")
                for copy in copies { #expect(copy.violations == []) }
            }
        }
    }

    /// A client that numbers its changes, sends one after the other, and the one that is not acknowledged again.
    private static func pushThrough(_ system: TestCistern, _ client: Int, _ count: Int) async throws -> ClientCopy {
        var copy = ClientCopy()
        var number = 1
        let end = ContinuousClock.now + .seconds(90)
        while number <= count, ContinuousClock.now < end {
            let query = copy.version.map { "?have=\($0)" } ?? ""
            guard let socket = try? await system.openSocket(query) else {
                try await Task.sleep(for: .milliseconds(20))
                continue
            }
            defer { socket.drop() }
            while number <= count, !socket.received.hasEnded {
                let id = "s\(client)~\(number)"
                let change = "[{\"op\":\"increment\",\"path\":\"/p\(client)\",\"value\":\(number)}]"
                guard (try? await socket.push(change, .cistern, id: id)) != nil else { break }
                var answer: SocketWord?
                try await eventually("an answer or the end") {
                    answer = socket.words.first { $0.id == id }
                    return answer != nil || socket.received.hasEnded
                }
                guard case .ack = answer else { continue }
                number += 1
                // Not faster than somebody kills servers.
                try await Task.sleep(for: .milliseconds(10))
            }
            copy = socket.copy(from: copy)
        }
        if number <= count { copy.violate("gave up at \(number)") }
        return copy
    }

    @Test(
        "Sockets stay open while a store or the merge daemon is restarted, and updates and pushes go on",
        arguments: Outage.allCases)
    func outage(_ outage: Outage) async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            try await system.withSocket { socket in
                try await system.withSocket("?delta=json-patch") { other in
                    try await socket.has(1)
                    try await other.has(1)
                    for round in 1...2 {
                        try await system.strike(outage)
                        try await Self.untilTaken("{\"n\":\(round)}", id: "c\(round)", by: socket)
                        let last = try await system.settled()
                        #expect(last.json["n"]?.integerValue == round)
                        for follower in [socket, other] {
                            try await follower.word("the newest", within: .seconds(30)) { $0.version == last.version }
                            #expect(follower.copy().violations == [])
                            #expect(follower.copy().bytes == last.bytes)
                        }
                    }
                    for follower in [socket, other] {
                        #expect(!follower.received.hasEnded)
                        #expect(!follower.words.contains(.deleted))
                    }
                }
            }
        }
    }

    /// Sends the same again until it is acknowledged, as a client does that was told that the log is away.
    private static func untilTaken(_ change: String, id: String, by socket: LiveSocket, _ type: ChangeType? = nil)
        async throws
    {
        try await eventually(within: .seconds(30), poll: .milliseconds(100), "\(id) is taken") {
            let count = socket.words.count
            try await socket.push(change, type, id: id)
            let word = try await socket.word("an answer", from: count) { $0.id == id }
            switch word {
            case .ack: return true
            case .refused(_, let problem):
                guard problem.slug == "log-unavailable" else { throw TestSupportError("refused: \(problem)") }
                return false
            case .rejected, .state, .patch, .deleted, .presence, .other: throw TestSupportError("\(word)")
            }
        }
    }

    @Test("While Redis is away pushes are refused and say why; when it is back the same push is taken, once")
    func withoutRedis() async throws {
        try await withCistern(.split) { system in
            _ = try await system.pushed(#"{"n":0}"#, id: "c0")
            try await system.withSocket { socket in
                try await socket.push(#"[{"op":"increment","path":"/n","value":1}]"#, .cistern, id: "before")
                #expect(try await socket.answer(to: "before") == "ack")
                _ = try await system.settled()
                system.redis.kill()
                let count = socket.words.count
                for number in 1...100 {
                    try await socket.push(#"[{"op":"increment","path":"/n","value":1}]"#, .cistern, id: "c\(number)")
                }
                try await eventually(within: .seconds(40), "all are answered") {
                    socket.words.dropFirst(count).count { $0.id != nil } == 100
                }
                let slugs = socket.words.dropFirst(count).map { word in
                    if case .refused(_, let problem) = word {
                        "\(problem.slug) \(problem["status"]?.integerValue ?? 0)"
                    } else {
                        "\(word)"
                    }
                }
                #expect(Set(slugs) == ["log-unavailable 503"])
                // Who comes now gets what is known here, and who knows more is not told less.
                let known = try #require(socket.copy().version)
                try await system.withSocket { late in
                    try await late.has(1)
                    #expect(late.words.first?.version == known.description)
                }
                try await system.withSocket("?have=\(known.epoch)-\(known.number + 1)") { ahead in
                    try await eventually(within: .seconds(20), "it is sent away") { ahead.received.hasEnded }
                    #expect(ahead.received.closeCode == 1013)
                    #expect(ahead.words == [])
                }
                try await system.redis.launch()
                for number in 1...100 {
                    try await Self.untilTaken(
                        #"[{"op":"increment","path":"/n","value":1}]"#, id: "c\(number)", by: socket, .cistern)
                }
                let last = try await system.settled()
                #expect(last.text == #"{"n":101}"#)
                try await socket.word("the newest") { $0.version == last.version }
                #expect(socket.copy().violations == [])
            }
        }
    }

    @Test("The first change of a new epoch that comes to nothing is told, too")
    func rejectedInNewEpoch() async throws {
        try await withCistern(.split) { system in
            let before = try await system.pushed(#"{"n":0}"#, id: "c0")
            try await system.withSocket { socket in
                try await socket.has(1)
                system.redis.kill()
                try await system.redis.launch()
                try await Self.untilTaken(
                    #"[{"op":"remove","path":"/none"}]"#, id: "wrong", by: socket, .patch)
                guard
                    case .ack(_, let receipt) = try await socket.word(
                        "the ack",
                        { word in
                            if case .ack("wrong", _) = word { true } else { false }
                        })
                else { return }
                // Else this is no test of what it says.
                try #require(Token(receipt)?.epoch != Token(before.version)?.epoch)
                #expect(try await socket.rejection(of: "wrong") == "path-not-found")
            }
        }
    }
}
