import HTTPService
import NIOCore
import NIOEmbedded
import TestSupport
import Testing

@testable import Sockets

@Suite("Messages, however they are cut")
struct FragmentationPropertyTests {
    /// Messages as frames, cut into fragments, with control frames between them.
    private func frames(of messages: [SocketMessage], _ numbers: inout SeededNumbers) -> [ClientFrame] {
        var frames: [ClientFrame] = []
        for message in messages {
            let (opcode, bytes): (UInt8, [UInt8]) =
                switch message {
                case .text(let text): (1, Array(text.readableBytesView))
                case .binary(let binary): (2, Array(binary.readableBytesView))
                }
            var cuts = (0..<Int.random(in: 0...4, using: &numbers)).map { _ in
                Int.random(in: 0...bytes.count, using: &numbers)
            }
            cuts.append(bytes.count)
            cuts.sort()
            var start = 0
            for (index, end) in cuts.enumerated() {
                let mask = (0..<4).map { _ in UInt8.random(in: 0...255, using: &numbers) }
                frames.append(
                    ClientFrame(
                        opcode: index == 0 ? opcode : 0, payload: Array(bytes[start..<end]),
                        isFinal: index == cuts.count - 1, mask: mask))
                start = end
                if numbers.isLucky(20) { frames.append(numbers.isLucky(50) ? .ping([1, 2]) : .pong()) }
            }
        }
        return frames
    }

    private func messages(_ numbers: inout SeededNumbers) -> [SocketMessage] {
        (0..<Int.random(in: 1...6, using: &numbers)).map { _ in
            let count = numbers.pick([0, 1, 60, 125, 126, 300, 65_535, 65_600])
            guard numbers.isLucky(60) else {
                return .binary(ByteBuffer(bytes: (0..<count).map { _ in UInt8.random(in: 0...255, using: &numbers) }))
            }
            return .text(ByteBuffer(string: String((0..<count).map { _ in numbers.pick(Array("aé€𝄞")) })))
        }
    }

    @Test(
        "Any fragments, in any pieces, with any control frames between them, give the same messages", arguments: 1...60)
    func anyCut(seed: Int) throws {
        var numbers = SeededNumbers(seed: UInt64(seed))
        let messages = messages(&numbers)
        let frames = frames(of: messages, &numbers)
        let bytes = frames.flatMap(\.bytes)
        let socket = try EmbeddedSocket()
        let most = numbers.pick([1, 7, 1_000, 100_000].filter { $0 > 1 || bytes.count < 5_000 })
        var start = 0
        while start < bytes.count {
            let end = min(bytes.count, start + Int.random(in: 1...most, using: &numbers))
            try socket.receive(bytes[start..<end])
            start = end
        }
        #expect(socket.end.messages == messages)
        let pings = frames.count { $0.opcode == 9 }
        #expect(try socket.sent() == Array(repeating: .pong([1, 2]), count: pings))
    }

    @Test("A frame is the same at every split point")
    func everySplit() throws {
        let frames = [
            ClientFrame.text("ab", isFinal: false), .ping([9]), .more(Array(String(repeating: "é", count: 70).utf8)),
        ]
        let bytes = frames.flatMap(\.bytes)
        let whole = SocketMessage.text(ByteBuffer(string: "ab" + String(repeating: "é", count: 70)))
        for split in 0...bytes.count {
            let socket = try EmbeddedSocket()
            try socket.receive(bytes[..<split])
            try socket.receive(bytes[split...])
            #expect(socket.end.messages == [whole], "split at \(split)")
        }
    }

    @Test("Memory for what is incomplete is bounded over all sockets, and given back")
    func budget() throws {
        let budget = BodyBudget(bytes: 1_000)
        let first = try EmbeddedSocket(incomplete: budget)
        let second = try EmbeddedSocket(incomplete: budget)
        // Half a frame, and a fragment.
        try first.receive(ClientFrame.text(String(repeating: "a", count: 700)).bytes.prefix(500))
        try second.receive(ClientFrame.text(String(repeating: "a", count: 400), isFinal: false).bytes)
        #expect(try second.sent() == [])
        try second.receive(ClientFrame.more(Array(repeating: 97, count: 200), isFinal: false).bytes)
        #expect(try second.sent() == [.close(1013)])
        #expect(second.end.closings == 1)
        _ = try second.channel.finish(acceptAlreadyClosed: true)
        #expect(budget.take(400))
        budget.giveBack(400)
        _ = try first.channel.finish(acceptAlreadyClosed: true)
        #expect(budget.take(1_000))
    }
}
