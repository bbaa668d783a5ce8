import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: deltas", .timeLimit(.minutes(20)))
struct DeltaTests {
    /// Enough beside the change that a patch is smaller than the state.
    private static let filling = #""filling":"\#(mixedText(400))""#

    @Test("A delta says what it is, from where and to where, and makes the state", arguments: Ways.polls)
    func form(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"a":1,"b":{"c":[1.50]},\#(Self.filling)}"#, id: "c1")
            let second = try await system.pushed(#"{"a":2,"b":{"d":"ü"}}"#, id: "c2")
            for manipulation in Manipulation.allCases {
                let delta = try await system.state(headers: first.next(manipulation))
                #expect(delta.status == 226)
                #expect(delta["IM"] == manipulation.rawValue)
                #expect(delta["Delta-Base"] == first["ETag"])
                #expect(delta["ETag"] == second["ETag"])
                #expect(delta["Content-Type"] == manipulation.contentType)
                #expect(delta.position == second.position)
                #expect(delta["Cache-Control"] == "no-cache")
                #expect(delta["Cistern-Poll-Interval"] == "250")
                #expect(delta["Content-Encoding"] == nil)
                for name in ["A-IM", "Accept", "Accept-Encoding"] {
                    #expect(delta["Vary"]?.contains(name) == true, "\(name)")
                }
                #expect(delta.bytes.count < second.bytes.count)
                var copy = ClientCopy()
                copy.take(first)
                copy.take(delta)
                #expect(copy.violations == [])
                #expect(copy.bytes == second.bytes)
                #expect(try await system.state(headers: second.next(manipulation)).status == 304)
                #expect(try await system.state(headers: [("A-IM", manipulation.rawValue)]).bytes == second.bytes)
            }
            #expect(try await system.state(headers: first.next(.mergePatch)).text == #"{"a":2,"b":{"d":"ü"}}"#)
        }
    }

    @Test(
        "The client's weights choose the form; what it does not take or name wrongly gets the state",
        arguments: Ways.polls)
    func weights(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"a":1,\#(Self.filling)}"#, id: "c1")
            let second = try await system.pushed(#"{"a":2}"#, id: "c2")
            let cases: [(String, String?)] = [
                ("merge-patch, json-patch", "merge-patch"), ("json-patch, merge-patch", "json-patch"),
                ("merge-patch;q=0.5, json-patch;q=0.8", "json-patch"),
                ("merge-patch;q=0.801,json-patch;q=0.8", "merge-patch"),
                ("merge-patch;q=0, json-patch", "json-patch"), ("MERGE-PATCH", "merge-patch"),
                ("gzip, json-patch", "json-patch"),
                ("merge-patch;q=0", nil), ("vcdiff", nil), ("*", nil), ("", nil), ("merge-patch;q=2", nil),
            ]
            for (value, expected) in cases {
                let answer = try await system.state(headers: first.next() + [("A-IM", value)])
                #expect(answer["IM"] == expected, "\(value)")
                #expect(answer.status == (expected == nil ? 200 : 226), "\(value)")
                if expected == nil { #expect(answer.bytes == second.bytes) }
            }
            // Several fields are one list.
            let fields = first.next() + [("A-IM", "merge-patch;q=0.1"), ("A-IM", "json-patch")]
            #expect(try await system.state(headers: fields)["IM"] == "json-patch")
            // A weak tag, as a proxy makes it that compresses, names the same bytes.
            let weak = [("If-None-Match", "W/\(first["ETag"] ?? "")"), ("A-IM", "merge-patch")]
            let delta = try await system.state(headers: weak)
            #expect(delta.status == 226 && delta["Delta-Base"] == first["ETag"])
        }
    }

    @Test(
        "The state comes where there is no base, or no smaller patch, or a null that a merge patch cannot say",
        arguments: Ways.polls)
    func full(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"a":1,\#(Self.filling)}"#, id: "c1")
            let second = try await system.pushed(#"[{"op":"add","path":"/n","value":{"x":null}}]"#, .patch, id: "c2")
            let epoch = first.version?.prefix(while: { $0 != "-" }) ?? ""
            for base in ["\"\(epoch)-0\"", "\"otherepoch00-1\"", "\"nonsense\""] {
                for manipulation in Manipulation.allCases {
                    let answer = try await system.state(headers: [
                        ("If-None-Match", base), ("A-IM", manipulation.rawValue),
                    ])
                    #expect(answer.status == 200, "\(base)")
                    #expect(answer["IM"] == nil && answer["Delta-Base"] == nil)
                    #expect(answer.bytes == second.bytes)
                }
            }
            #expect(try await system.state(headers: first.next(.mergePatch)).bytes == second.bytes)
            let delta = try await system.state(headers: first.next(.jsonPatch))
            #expect(delta.status == 226)
            #expect(delta.json[0]?["value"]?.text == #"{"x":null}"#, "\(delta.text)")

            let third = try await system.pushed(
                #"{"n":null,"filling":"\#(mixedText(420, seed: 2))","a":null}"#, id: "c3")
            for manipulation in Manipulation.allCases {
                let answer = try await system.state(headers: second.next(manipulation))
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.bytes == third.bytes)
            }
        }
    }

    @Test("HEAD says of a delta what GET says, without it", arguments: Ways.polls)
    func head(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"a":1,\#(Self.filling)}"#, id: "c1")
            _ = try await system.pushed(#"{"a":2}"#, id: "c2")
            let get = try await system.state(headers: first.next(.jsonPatch))
            let head = try await system.send("HEAD", "/v1/apps/board/state", headers: first.next(.jsonPatch))
            #expect(head.status == 226)
            #expect(head.bytes.isEmpty)
            for name in ["IM", "Delta-Base", "ETag", "Content-Type", "Vary", "Cistern-Position", "Content-Length"] {
                #expect(head[name] == get[name] && get[name] != nil, "\(name)")
            }
        }
    }

    @Test(
        "Rejected changes between two versions are no part of a delta, which has the position behind them",
        arguments: Ways.polls)
    func rejected(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"a":1,\#(Self.filling)}"#, id: "c1")
            let second = try await system.pushed(#"{"a":2}"#, id: "c2")
            let rejected = try await system.pushed(#"[{"op":"remove","path":"/none"}]"#, .patch, id: "c3")
            #expect(rejected.version == second.version)
            let delta = try await system.state(headers: first.next(.mergePatch))
            #expect(delta.status == 226)
            #expect(delta.text == #"{"a":2}"#)
            #expect(delta.version == second.version)
            #expect(delta.position == rejected.position)
        }
    }
}
