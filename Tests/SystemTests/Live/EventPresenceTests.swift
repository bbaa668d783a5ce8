import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: events that say who is here", .timeLimit(.minutes(20)))
struct EventPresenceTests {
    private static func seen(_ stream: EventStream) -> [String] {
        stream.events.filter { $0.name == "presence" }.map(\.data)
    }

    private static func told(_ stream: EventStream) -> [LiveEvent] { stream.events.filter { $0.name != "presence" } }

    @Test("With presence=1 a stream says who is here, by a lane as by a route, in the same words")
    func alike() async throws {
        try await withCistern { system in
            let state = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            try await system.withLanePairs { pairs in
                let pair = pairs[0]
                // What a comma sends to a route although there are lanes.
                let unusual = ("Accept-Encoding", "identity;q=0.5, *;q=0.1")
                try await system.withEvents("?presence=1", from: pair.withLanes) { lane in
                    try await system.withEvents("?presence=1", from: pair.without) { route in
                        try await system.withEvents("?presence=1", headers: [unusual], from: pair.withLanes) { left in
                            try await system.withEvents(from: pair.without) { plain in
                                let streams = [lane, route, left]
                                func all(_ sentence: String, _ holds: (EventStream) -> Bool) async throws {
                                    try await eventually(sentence) { streams.allSatisfy(holds) }
                                }
                                try await all("nobody is here") { Self.seen($0).last == #"{"clients":{}}"# }
                                for number in 1...5 {
                                    _ = try await system.appear("ann", "\(number)", ttl: 300)
                                    let ann = "{\"clients\":{\"ann\":{\"value\":\(number)}}}"
                                    try await all("ann is seen") { Self.seen($0).last == ann }
                                    let next = try await system.pushed("{\"n\":\(number)}", id: "c\(number)")
                                    try await all("the change is told") { Self.told($0).last?.id == next.version }
                                }
                                _ = try await system.leave("ann")
                                try await all("nobody is here") { Self.seen($0).last == #"{"clients":{}}"# }
                                for stream in streams {
                                    #expect(Self.told(stream).first?.id == state.version)
                                    #expect(Self.told(stream) == Self.told(lane))
                                    #expect(Self.seen(stream) == Self.seen(lane))
                                    #expect(Self.seen(stream).count == 7)
                                    #expect(stream.oddities == [])
                                }
                                #expect(Self.seen(plain) == [])
                                #expect(Self.told(plain) == Self.told(lane))
                            }
                        }
                    }
                }
            }
        }
    }

    @Test("A stream that nobody reads after its head leaves no follower behind", arguments: Ways.events)
    func heads(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            _ = try await system.pushed(#"{"n":0}"#, id: "c0")
            let events = [("Accept", "text/event-stream")]
            for _ in 1...5 {
                let head = try await system.send(
                    "HEAD", "/v1/apps/board/state?presence=1", headers: events, to: system.poller)
                #expect(head.status == 200 && head.bytes.isEmpty)
            }
            try await eventually("nobody follows") {
                try await system.metric("cistern_poll_followers", at: system.poller) == 0
            }
        }
    }
}
