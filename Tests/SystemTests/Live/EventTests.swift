import Documents
import Foundation
import NIOCore
import SystemSupport
import TestSupport
import Testing

@Suite("Poll: events", .timeLimit(.minutes(20)))
struct EventTests {
    @Test("A stream begins with the state and goes on with patches, each under its version", arguments: Ways.events)
    func follows(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"n":0,"ü":[1.50],"filling":"\#(mixedText(300))"}"#, id: "c0")
            try await system.withEvents { stream in
                #expect(stream.status == 200)
                #expect(stream["Content-Type"] == "text/event-stream")
                #expect(stream["Cache-Control"] == "no-cache")
                #expect(stream["Content-Length"] == nil)
                try await stream.has(1)
                #expect(stream.events == [LiveEvent(id: first.version, name: "state", data: first.text)])
                for number in 1...10 {
                    let state = try await system.pushed("{\"n\":\(number)}", id: "c\(number)")
                    try await stream.has(number + 1)
                    #expect(
                        stream.events.last == LiveEvent(id: state.version, name: "patch", data: "{\"n\":\(number)}"))
                    #expect(stream.copy().bytes == state.bytes)
                }
                // A null that a merge patch cannot say, and a change that is rejected.
                let null = try await system.pushed(
                    #"[{"op":"add","path":"/z","value":[null,{"a":null}]}]"#, .patch, id: "null")
                try await stream.has(12)
                #expect(stream.copy().bytes == null.bytes)
                #expect(
                    try await system.outcome(#"[{"op":"remove","path":"/no"}]"#, .patch, id: "no") == "path-not-found")
                // The change that was rejected is folded in: in the stream as in polls.
                let end = try await system.pushed(#"{"n":null}"#, id: "end")
                try await stream.has(13)
                #expect(stream.positions.count == 13)
                #expect(stream.positions.first == first.position && stream.positions.last == end.position)
                #expect(stream.events.count == 13)
                #expect(stream.copy().violations == [])
                #expect(stream.oddities == [])
                #expect(stream.retry.flatMap { Int($0) } ?? 0 > 0)
            }
        }
    }

    @Test("A-IM chooses the patches of a stream, or none of them", arguments: Ways.events)
    func forms(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            var changes = GeneratedChanges(seed: 21)
            _ = try await system.pushed(#"{"filling":"\#(mixedText(400))"}"#, id: "g~1")
            try await system.withEvents(headers: [("A-IM", "json-patch")]) { json in
                try await system.withEvents(headers: [("A-IM", "json-patch;q=0.1, merge-patch")]) { merge in
                    try await system.withEvents(headers: [("A-IM", "vcdiff")]) { none in
                        for number in 2...60 {
                            let change = changes.next()
                            _ = try await system.push(change.text, change.type, id: "g~\(number)")
                        }
                        let last = try await system.settled()
                        for stream in [json, merge, none] {
                            try await eventually("a stream has come to the end") {
                                stream.events.last?.id == last.version
                            }
                        }
                        #expect(json.copy(.jsonPatch).bytes == last.bytes)
                        #expect(json.copy(.jsonPatch).violations == [])
                        #expect(merge.copy(.mergePatch).bytes == last.bytes)
                        #expect(merge.copy(.mergePatch).violations == [])
                        #expect(none.copy().bytes == last.bytes)
                        #expect(none.events.allSatisfy { $0.name == "state" })
                        #expect(json.events.contains { $0.name == "patch" && $0.data.hasPrefix("[") })
                        #expect(merge.events.contains { $0.name == "patch" && $0.data.hasPrefix("{") })
                    }
                }
            }
        }
    }

    @Test(
        "Last-Event-ID goes on from there: nothing, a patch, or the state if that version is not known",
        arguments: Ways.events)
    func resumes(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let first = try await system.pushed(#"{"n":0,"filling":"\#(mixedText(300))"}"#, id: "c0")
            let second = try await system.pushed(#"{"n":1}"#, id: "c1")
            let version = first.version ?? ""
            for headers in [
                [("Last-Event-ID", version)], [("If-None-Match", "\"\(version)\"")],
                [("Last-Event-ID", version), ("If-None-Match", "\"x-1\"")],
            ] {
                try await system.withEvents(headers: headers) { stream in
                    try await stream.has(1)
                    #expect(stream.events == [LiveEvent(id: second.version, name: "patch", data: #"{"n":1}"#)])
                }
            }
            for unknown in ["otherepoch00-1", "nonsense", "", "\(version.dropLast())0"] {
                try await system.withEvents(headers: [("Last-Event-ID", unknown)]) { stream in
                    try await stream.has(1)
                    #expect(
                        stream.events == [LiveEvent(id: second.version, name: "state", data: second.text)], "\(unknown)"
                    )
                }
            }
            try await system.withEvents(headers: [("Last-Event-ID", second.version ?? "")]) { stream in
                let third = try await system.pushed(#"{"n":2}"#, id: "c2")
                try await stream.has(1)
                #expect(stream.events == [LiveEvent(id: third.version, name: "patch", data: #"{"n":2}"#)])
            }
        }
    }

    @Test("A stream about a part tells that part only, and when it goes", arguments: Ways.events)
    func parts(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let text = mixedText(300)
            let first = try await system.pushed(#"{"p":{"a":1,"t":"\#(text)"},"o":0}"#, id: "c1")
            try await system.withEvents("?path=/p") { stream in
                try await stream.has(1)
                #expect(stream.events[0].id == first.version)
                #expect(stream.events[0].data == #"{"a":1,"t":"\#(text)"}"#)
                for number in 1...70 { _ = try await system.pushed("{\"o\":\(number)}", id: "o\(number)") }
                let changed = try await system.pushed(#"{"p":{"a":2}}"#, id: "c2")
                try await stream.has(2)
                #expect(stream.events[1] == LiveEvent(id: changed.version, name: "patch", data: #"{"a":2}"#))
                _ = try await system.pushed(#"{"p":null}"#, id: "c3")
                try await stream.has(3)
                #expect(stream.events[2] == LiveEvent(id: nil, name: "deleted", data: "{}"))
                let again = try await system.pushed(#"{"p":[]}"#, id: "c4")
                try await stream.has(4)
                #expect(stream.events[3] == LiveEvent(id: again.version, name: "state", data: "[]"))
            }
            let refused = try await system.state("?path=p", headers: [("Accept", "text/event-stream")])
            #expect(refused.refusal == "400 invalid-parameter")
        }
    }

    @Test("A stream opens for an application that does not exist, and tells its first state", arguments: Ways.events)
    func unknown(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            try await system.withEvents(of: "soon") { stream in
                #expect(stream.status == 200)
                let state = try await system.pushed(#"{"a":1}"#, id: "c1", to: "soon")
                try await stream.has(1)
                #expect(stream.events == [LiveEvent(id: state.version, name: "state", data: #"{"a":1}"#)])
            }
            #expect(try await system.state(of: "-", headers: [("Accept", "text/event-stream")]).status == 400)
        }
    }

    @Test("Deletion is told, and then the state of the new epoch", arguments: Ways.events)
    func deleted(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let old = try await system.pushed(#"{"a":1}"#, id: "c1")
            try await system.withEvents { stream in
                try await stream.has(1)
                #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
                try await stream.has(2)
                #expect(stream.events[1] == LiveEvent(id: nil, name: "deleted", data: "{}"))
                let new = try await system.pushed(#"{"b":1}"#, id: "c2")
                try await stream.has(3)
                #expect(stream.events[2] == LiveEvent(id: new.version, name: "state", data: #"{"b":1}"#))
                #expect(stream.copy().violations == [])
            }
            // Somebody who comes back with a version of the old epoch, to what is there and to what is not.
            try await system.withEvents(headers: [("Last-Event-ID", old.version ?? "")]) { stream in
                try await stream.has(1)
                #expect(stream.events[0].name == "state" && stream.events[0].data == #"{"b":1}"#)
            }
            #expect(try await system.send("DELETE", "/v1/apps/board").status == 204)
            try await system.withEvents(headers: [("Last-Event-ID", old.version ?? "")]) { stream in
                try await stream.has(1)
                #expect(stream.events[0].name == "deleted")
            }
        }
    }

    @Test("Events are for those who prefer them, and HEAD has none", arguments: Ways.events)
    func negotiation(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            let state = try await system.pushed(#"{"a":1}"#, id: "c1")
            for accept in [
                "application/json", "*/*", "application/json, text/event-stream;q=0.5", "text/event-stream;q=0",
                "text/html",
            ] {
                let answer = try await system.state(headers: [("Accept", accept)])
                #expect(answer.status == 200 && answer.bytes == state.bytes, "\(accept)")
            }
            let accept = ("Accept", "text/event-stream, application/json;q=0.5")
            try await system.withEvents(headers: [accept]) { #expect($0["Content-Type"] == "text/event-stream") }
            let head = try await system.send(
                "HEAD", "/v1/apps/board/state", headers: [("Accept", "text/event-stream")], timeout: .seconds(10))
            #expect(head.status == 200)
            #expect(head["Content-Type"] == "text/event-stream")
            #expect(head.bytes.isEmpty)
        }
    }

    @Test("A comment comes when nothing was said for fifteen seconds", arguments: Ways.events)
    func heartbeat(_ lanes: String) async throws {
        try await withCistern(.live(lanes: lanes)) { system in
            _ = try await system.pushed(#"{"a":1}"#, id: "c1")
            try await system.withEvents { quiet in
                try await system.withEvents(of: "none") { unknown in
                    let start = ContinuousClock.now
                    for stream in [quiet, unknown] {
                        try await eventually(within: .seconds(18), "a comment") { stream.comments > 0 }
                    }
                    #expect(ContinuousClock.now - start > .seconds(10))
                    #expect(quiet.events.count == 1)
                    #expect(unknown.events.isEmpty)
                }
            }
        }
    }
}
