// What the Autobahn test suite is about, in few cases: frames in, frames out, against a real socket that sends back what it gets.
// scripts/autobahn runs the suite itself.

import HTTPService
import Testing

@testable import Sockets

struct ConformanceCase: CustomTestStringConvertible, Sendable {
    let name: String
    var sends: [ClientFrame]
    /// Up to the end of the connection; all cases have one.
    var gets: [ServerFrame]
    /// Whether each byte is sent by itself.
    var drips = false

    init(_ name: String, _ sends: [ClientFrame], _ gets: [ServerFrame], drips: Bool = false) {
        self.name = name
        self.sends = sends
        self.gets = gets
        self.drips = drips
    }

    /// A case in which all is well, and the client closes.
    static func well(_ name: String, _ sends: [ClientFrame], _ gets: [ServerFrame]) -> [ConformanceCase] {
        [false, true].map {
            ConformanceCase(
                $0 ? name + ", byte by byte" : name, sends + [.close(1000)], gets + [.close(1000)], drips: $0)
        }
    }

    var testDescription: String { name }
}

private let long = String(repeating: "*", count: 65_536)

private let framing: [ConformanceCase] = [0, 1, 125, 126, 127, 128, 65_535, 65_536].flatMap { count in
    let text = String(repeating: "*", count: count)
    let binary = [UInt8](repeating: 0xfe, count: count)
    return [
        ConformanceCase("a text of \(count)", [.text(text), .close(1000)], [.text(text), .close(1000)]),
        ConformanceCase("\(count) bytes", [.binary(binary), .close(1000)], [.binary(binary), .close(1000)]),
    ]
}

private let control: [ConformanceCase] =
    ConformanceCase.well("an empty ping", [.ping()], [.pong([])])
    + ConformanceCase.well("a ping that is no text", [.ping([0, 0xff, 0xfe])], [.pong([0, 0xff, 0xfe])])
    + ConformanceCase.well(
        "the largest ping", [.ping(Array(repeating: 0xfe, count: 125))], [.pong(Array(repeating: 0xfe, count: 125))])
    + ConformanceCase.well("pongs that nobody asked for", [.pong([1]), .ping([2]), .pong()], [.pong([2])])
    + ConformanceCase.well(
        "ten pings", (0..<10).map { .ping([$0]) }, (0..<10).map { .pong([$0]) })
    + [
        ConformanceCase("a ping that is too large", [.ping(Array(repeating: 1, count: 126))], [.close(1002)]),
        ConformanceCase("half a ping", [ClientFrame.ping().with { $0.isFinal = false }], [.close(1002)]),
        ConformanceCase("half a pong", [ClientFrame.pong().with { $0.isFinal = false }], [.close(1002)]),
    ]

private let reserved: [ConformanceCase] = (1...7).map { bits in
    ConformanceCase(
        "reserved bits \(bits)", [.text("a"), ClientFrame.text("b").with { $0.reserved = UInt8(bits) }, .ping()],
        [.text("a"), .close(1002)])
}

private let opcodes: [ConformanceCase] = [3, 4, 5, 6, 7, 11, 12, 13, 14, 15].map { opcode in
    ConformanceCase(
        "opcode \(opcode)", [.text("a"), ClientFrame(opcode: opcode, payload: []), .ping()], [.text("a"), .close(1002)])
}

private let fragments: [ConformanceCase] =
    ConformanceCase.well(
        "two fragments", [.text("a", isFinal: false), .more(Array("b".utf8))], [.text("ab")])
    + ConformanceCase.well(
        "a ping between fragments", [.text("a", isFinal: false), .ping([7]), .more(Array("b".utf8))],
        [.pong([7]), .text("ab")])
    + ConformanceCase.well(
        "empty fragments", [.text("", isFinal: false), .more([], isFinal: false), .more([])], [.text("")])
    + ConformanceCase.well(
        "bytes in fragments", [.binary([0xff], isFinal: false), .more([0xfe])], [.binary([0xff, 0xfe])])
    + [
        ConformanceCase("nothing to go on with", [.more([1]), .text("a")], [.close(1002)]),
        ConformanceCase(
            "nothing to go on with after a message",
            [.text("a", isFinal: false), .more([98]), .more([99], isFinal: false)], [.text("ab"), .close(1002)]),
        ConformanceCase(
            "a message within a message", [.text("a", isFinal: false), .text("b"), .more([])], [.close(1002)]),
        ConformanceCase("frames that are not masked", [ClientFrame.text("a").with { $0.mask = nil }], [.close(1002)]),
        ConformanceCase(
            "a close frame that is not masked", [ClientFrame.close(1000).with { $0.mask = nil }], [.close(1002)]),
    ]

private let text: [ConformanceCase] =
    ConformanceCase.well(
        "a code point over two fragments", [.text([0xc3], isFinal: false), .more([0xa9])], [.text("é")])
    + ConformanceCase.well("the last code point", [.text([0xf4, 0x8f, 0xbf, 0xbf])], [.text("\u{10ffff}")])
    + ConformanceCase.well("a null", [.text([0])], [.text("\0")])
    + [
        ("a lone continuation", [0x80]), ("an overlong slash", [0xc0, 0xaf]), ("a surrogate", [0xed, 0xa0, 0x80]),
        ("beyond the last code point", [0xf4, 0x90, 0x80, 0x80]), ("half a code point", [0xce, 0xba, 0xe1, 0xbd]),
        ("an impossible byte", [0xff]),
    ].map { (name: String, bytes: [UInt8]) in ConformanceCase(name, [.text(bytes), .ping()], [.close(1007)]) }

private let closes: [ConformanceCase] =
    [1000, 1001, 1002, 1003, 1007, 1008, 1009, 1010, 1011, 1012, 1013, 1014, 3000, 3999, 4000, 4999].map {
        (code: Int) in
        ConformanceCase("code \(code)", [.close(code, Array("Reason é".utf8))], [.close(code)])
    }
    + [0, 999, 1004, 1005, 1006, 1015, 1016, 1100, 2000, 2999, 5000, 65_535].map { (code: Int) in
        ConformanceCase("the invalid code \(code)", [.close(code)], [.close(1002)])
    }
    + [
        ConformanceCase("no code", [.close(nil)], [.close(nil)]),
        ConformanceCase("half a code", [.close(nil, [3])], [.close(1002)]),
        ConformanceCase("the longest reason", [.close(1000, Array(repeating: 97, count: 123))], [.close(1000)]),
        ConformanceCase("a reason that is too long", [.close(1000, Array(repeating: 97, count: 124))], [.close(1002)]),
        ConformanceCase("a reason that is no text", [.close(1000, [0xce, 0xba, 0xe1])], [.close(1007)]),
        ConformanceCase("close, then more", [.close(1000), .text("a"), .ping()], [.close(1000)]),
        ConformanceCase("close twice", [.close(1000), .close(1001)], [.close(1000)]),
        ConformanceCase("close within a message", [.text("a", isFinal: false), .close(1000)], [.close(1000)]),
    ]

private let sizes: [ConformanceCase] =
    ConformanceCase.well(
        "64 KiB in fragments of 1300",
        (0..<51).map { index in
            let payload = [UInt8](repeating: 42, count: index == 50 ? 536 : 1_300)
            return ClientFrame(opcode: index == 0 ? 1 : 0, payload: payload, isFinal: index == 50)
        }, [.text(long)])
    + [
        ConformanceCase(
            "the largest message", [.binary(Array(repeating: 1, count: 200_000)), .close(1000)],
            [.binary(Array(repeating: 1, count: 200_000)), .close(1000)]),
        ConformanceCase("a message that is too large", [.binary(Array(repeating: 1, count: 200_001))], [.close(1009)]),
        ConformanceCase(
            "fragments that are too large together",
            [.binary(Array(repeating: 1, count: 200_000), isFinal: false), .more([1])], [.close(1009)]),
        ConformanceCase(
            "a length beyond all memory", [ClientFrame.binary([]).with { $0.claimedLength = 1 << 62 }],
            [.close(1009)]),
        ConformanceCase(
            "a negative length", [ClientFrame.binary([]).with { $0.claimedLength = -1 }], [.close(1009)]),
    ]

@Suite("RFC 6455 against a real socket", .timeLimit(.minutes(2)))
struct ConformanceTests {
    private var limits: SocketLimits {
        var limits = SocketLimits()
        limits.changeBytes = 200_000
        limits.envelopeBytes = 0
        return limits
    }

    private func run(_ cases: [ConformanceCase]) async throws {
        try await withSockets(echoes: true, limits: limits) { server in
            for item in cases {
                try await WireClient.open(server.address) { client in
                    let bytes = item.sends.flatMap(\.bytes)
                    if item.drips, bytes.count < 1_000 {
                        for byte in bytes { try await client.send([byte]) }
                    } else {
                        try await client.send(bytes)
                    }
                    #expect(try await client.frames() == item.gets, "\(item.name)")
                }
            }
        }
    }

    @Test("Frames of every length") func frames() async throws { try await run(framing) }
    @Test("Pings and pongs") func pings() async throws { try await run(control) }
    @Test("Reserved bits") func bits() async throws { try await run(reserved) }
    @Test("Opcodes that mean nothing") func unknownOpcodes() async throws { try await run(opcodes) }
    @Test("Fragments and masks") func fragmentation() async throws { try await run(fragments) }
    @Test("UTF-8") func utf8() async throws { try await run(text) }
    @Test("Closing") func closing() async throws { try await run(closes) }
    @Test("Sizes") func large() async throws { try await run(sizes) }
}
