import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: events to slow readers and at the end", .timeLimit(.minutes(20)))
struct EventFaultTests {
    private static let request = Array(
        "GET /v1/apps/board/state HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n".utf8)

    /// The body of a chunked answer, as far as it has come.
    private static func unchunked(_ bytes: [UInt8]) -> (body: [UInt8], isWhole: Bool) {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return ([], false) }
        var rest = bytes[end.upperBound...]
        var body: [UInt8] = []
        while let line = rest.firstRange(of: Array("\r\n".utf8)) {
            let size = Int(String(decoding: rest[..<line.lowerBound], as: UTF8.self), radix: 16) ?? 0
            rest = rest[line.upperBound...]
            if size == 0 { return (body, rest.elementsEqual("\r\n".utf8)) }
            body += rest.prefix(size)
            rest = rest.dropFirst(size + 2)
        }
        return (body, false)
    }

    @Test("A server that is told to stop ends its streams as HTTP says, and itself in time", arguments: Ways.events)
    func stop(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"a":1}"#, id: "c1")
            let streams = try (0..<20).map { _ in
                let stream = try WireConnection(port: system.poller.port)
                stream.send(Self.request[...])
                return stream
            }
            let deadline = ContinuousClock.now + .seconds(20)
            for stream in streams {
                stream.read(until: deadline) { String(decoding: $0, as: UTF8.self).contains(#"data: {"a":1}"#) }
            }
            system.poller.askToStop()
            for stream in streams {
                stream.read(until: deadline)
                let (body, isWhole) = Self.unchunked(stream.received)
                #expect(stream.hasEnded && isWhole)
                var parser = EventParser()
                parser.read(body)
                #expect(parser.events == [LiveEvent(id: state.version, name: "state", data: #"{"a":1}"#)])
            }
            try await eventually("it stops") { !system.poller.isRunning }
            #expect(ContinuousClock.now < deadline)
        }
    }

    @Test(
        "A reader that sleeps through many versions costs no memory for them, and then has the newest",
        arguments: Ways.events)
    func slowReader(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let size = 200_000
            func change(_ number: Int) -> String {
                #"{"n":\#(number),"t":"\#(mixedText(size, seed: UInt64(number)))"}"#
            }
            _ = try await system.pushed(change(0), id: "c0")
            let sleepers = try (0..<20).map { _ in
                let sleeper = try WireConnection(port: system.poller.port, receiveBuffer: 65_536)
                sleeper.send(Self.request[...])
                return sleeper
            }
            let before = try await system.withEvents { awake in
                try await awake.has(1)
                for number in 1...20 { _ = try await system.pushed(change(number), id: "c\(number)") }
                let before = try await system.metric("process_resident_memory_bytes", at: system.poller)
                for number in 21...119 { _ = try await system.push(change(number), id: "c\(number)") }
                let last = try await system.pushed(change(120), id: "c120")
                try await eventually(within: .seconds(30), "who reads has the newest") {
                    awake.events.last?.id == last.version
                }
                let isSame = awake.copy().bytes == last.bytes
                #expect(isSame)
                #expect(awake.copy().violations == [])
                return before
            }
            let grown = try await system.metric("process_resident_memory_bytes", at: system.poller) - before
            // 20 readers with 100 versions of 200 KB each would be 400 MB.
            #expect(grown < 64 << 20, "grown by \(grown >> 20) MiB")
            let last = try await system.settled()
            let end = ContinuousClock.now + .seconds(60)
            for sleeper in sleepers {
                // The newest version, read to its end; or the end of the stream, because a reader that takes nothing for half a minute
                // is let go.
                sleeper.read(until: end) { bytes in
                    bytes.suffix(4).elementsEqual("\n\n\r\n".utf8)
                        && bytes.suffix(size + 1_000).firstRange(of: Array("id: \(last.version ?? "none")\n".utf8))
                            != nil
                }
                var parser = EventParser()
                parser.read(Self.unchunked(sleeper.received).body)
                var copy = parser.events.reduce(into: ClientCopy()) { $0.take($1) }
                if sleeper.hasEnded {
                    try await system.withEvents(headers: [("Last-Event-ID", copy.version?.description ?? "")]) {
                        stream in
                        try await eventually("a reader that comes back has the newest") {
                            stream.events.last?.id == last.version
                        }
                        copy = stream.copy(from: copy)
                    }
                }
                #expect(copy.violations == [])
                #expect(copy.version == Token(last.version))
                let isSame = copy.bytes == last.bytes
                #expect(isSame)
                #expect(parser.events.count < 60, "\(parser.events.count) events")
            }
        }
    }

    @Test("Streams of clients that have gone are closed", arguments: Ways.events)
    func gone(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            _ = try await system.pushed(#"{"n":0}"#, id: "c0")
            func descriptors() async throws -> Int {
                try await system.metric("process_open_fds", at: system.poller)
            }
            let before = try await descriptors()
            do {
                let streams = try (0..<100).map { _ in
                    let stream = try WireConnection(port: system.poller.port)
                    stream.send(Self.request[...])
                    return stream
                }
                try await eventually("the streams are open") { try await descriptors() >= before + 100 }
                // One that has read everything closes in the ordinary way, one that has not breaks off.
                for stream in streams[..<50] {
                    stream.read(until: .now + .seconds(10)) {
                        String(decoding: $0, as: UTF8.self).contains(#"data: {"n":0}"#)
                    }
                }
            }
            // A route writes to find out; a front sees it.
            try await eventually(within: .seconds(lanes == "yes" ? 10 : 30), "the streams are closed") {
                try await descriptors() <= before + 5
            }
            try await eventually("nobody follows any more") {
                try await system.metric("cistern_poll_followers", at: system.poller) == 0
            }
        }
    }
}
