import NIOCore
import NIOPosix
import Relays
import TestSupport
import Testing

@Suite("Relays")
struct RelayTests {
    @Test("Frames are found wherever the bytes are cut")
    func frames() {
        let replies = [
            "+OK\r\n", "$5\r\na\r\nbc\r\n", "*2\r\n$-1\r\n*1\r\n:7\r\n",
            "*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$0\r\n\r\n",
        ]
        let all = ByteBuffer(string: replies.joined())
        for cut in 0...all.readableBytes {
            var frames = RESPFrames()
            var found: [String] = []
            var rest = all
            for piece in [rest.readSlice(length: cut), rest] {
                if let piece { frames.append(piece) }
                while let frame = frames.next() { found.append(String(buffer: frame)) }
            }
            #expect(found == replies)
        }
        #expect(replies.map { ByteBuffer(string: $0).isPublishedMessage } == [false, false, false, true])
    }

    @Test("A torn append-only file ends outside of every transaction")
    func tornFile() {
        let command = "*2\r\n$3\r\nDEL\r\n$1\r\nk\r\n"
        let transaction = "*1\r\n$5\r\nMULTI\r\n" + command + "*1\r\n$4\r\nEXEC\r\n"
        let whole = command + transaction
        for length in 0...whole.utf8.count {
            let found = AppendOnlyFile.wholeTransactions(in: ByteBuffer(bytes: whole.utf8.prefix(length)))
            let isWhole = length == whole.utf8.count
            #expect(found == (isWhole ? length : length < command.utf8.count ? 0 : command.utf8.count))
        }
    }

    @Test("A relay passes everything on, nothing while it is silent, all of it afterwards, and no hints if told so")
    func relay() async throws {
        try await withRedis { redis in
            let path = redis.folder + "/relay"
            let relay = try await Relay(
                at: path, to: redis.socketPath, .redis(nil), on: MultiThreadedEventLoopGroup.singleton)
            let client = try RESPSocket(to: .unixSocket(path: path), timeout: .seconds(5))
            #expect(try client.command(["SET", "k", "v"]) == "OK")
            relay.trouble.change { $0.isSilent = true }
            let hurried = try RESPSocket(to: .unixSocket(path: path), timeout: .milliseconds(50))
            #expect(throws: (any Error).self) { try hurried.command(["SET", "k", "late"]) }
            #expect(try redis.command("GET", "k") == "v")
            relay.trouble.change { $0.isSilent = false }
            try await eventually("what was sent in silence arrives") { try redis.command("GET", "k") == "late" }
            #expect(try client.command(["GET", "k"]) == "late")

            #expect(try client.command(["SUBSCRIBE", "c"]) == "subscribe\nc\n1")
            relay.trouble.change { $0.dropsHints = true }
            try redis.command("PUBLISH", "c", "hint")
            #expect(try client.command(["PING"]) == "pong\n")
            relay.cut()
            #expect(throws: (any Error).self) { try client.command(["PING"]) }
            relay.close()
        }
    }

    @Test("A script is exchanged on its way, and goes by the digest of the one that was loaded")
    func exchange() async throws {
        try await withRedis { redis in
            let relay = try await Relay(
                at: redis.folder + "/relay", to: redis.socketPath, .redis(Mutant.named("no-records")),
                on: MultiThreadedEventLoopGroup.singleton)
            defer { relay.close() }
            let client = try RESPSocket(to: .unixSocket(path: relay.path), timeout: .seconds(5))
            let script = "local new_records = 1 if new_records > 0 then return 'whole' end return 'changed'"
            let digest = try client.command(["SCRIPT", "LOAD", script])
            #expect(try client.command(["EVALSHA", digest, "0"]) == "changed")
            #expect(try redis.command("SCRIPT", "LOAD", script) == digest)
            #expect(try redis.command("EVALSHA", digest, "0") == "whole")
        }
    }
}
