import Documents
import Fold
import Testing

@testable import CisternClient

@Suite("Server-Sent Events")
struct EventReaderTests {
    private static let stream = """
        : hello
        id: e-1
        position: e-1
        event: state
        data: {"a":1}

        id: e-2
        position: e-4
        event: patch
        data: {"b":2}

        event: presence
        data: {"clients":{"ada":{"value":3}}}

        event: deleted
        data: {}


        """

    private static func place(_ told: Told) -> String {
        "\(told.version?.description ?? "-") at \(told.position?.description ?? "-")"
    }

    private static func text(_ events: [Event]) -> String {
        events.map { event in
            switch event {
            case .heard: "heard"
            case .present(let clients, nil): "present \(clients.keys.sorted())"
            case .told(let told, nil):
                switch told.content {
                case .state(let value): "state \(Self.place(told)) \(value.text)"
                case .patch(let patch, let from):
                    "patch \(from?.description ?? "-") \(Self.place(told)) \(patch.text)"
                case .unchanged: "unchanged"
                case .unknown: "unknown"
                }
            default: "other"
            }
        }.joined(separator: ", ")
    }

    @Test("They are the same wherever the bytes are divided, and a patch goes on from the id before")
    func splitting() throws {
        let bytes = Array(Self.stream.utf8)
        let whole = #"heard, state e-1 at e-1 {"a":1}, patch e-1 e-2 at e-4 {"b":2}, present ["ada"], unknown"#
        for place in 0...bytes.count {
            var reader = EventReader(have: nil)
            let events = try reader.read(bytes[..<place]) + reader.read(bytes[place...])
            #expect(Self.text(events) == whole)
        }
    }

    @Test("The first patch goes on from the version that was asked with")
    func resumed() throws {
        var reader = EventReader(have: VersionToken("e-7"))
        let events = try reader.read(Array("id: e-8\nevent: patch\ndata: {}\n\n".utf8))
        #expect(Self.text(events) == "patch e-7 e-8 at - {}")
    }

    @Test("Data that is no JSON ends the stream")
    func strange() {
        var reader = EventReader(have: nil)
        #expect(throws: EventReader.Strange.self) { try reader.read(Array("event: state\ndata: {\n\n".utf8)) }
    }
}
