import Grants
import NIOCore
import Testing

@testable import HTTPService

@Suite("Tokens that are remembered")
struct CallerMemoryTests {
    private func caller(until expires: NIODeadline = .distantFuture) throws -> Caller {
        Caller(name: "somebody", grant: try Grant("poll:*"), expires: expires, trust: Caller.Trust())
    }

    private func token(_ number: Int, bytes: Int = 1_000) -> [UInt8] {
        Array("\(number)".utf8) + [UInt8](repeating: 65, count: bytes)
    }

    private func find(_ token: [UInt8], in memory: CallerMemory, at now: NIODeadline = .now()) -> Caller? {
        memory.find(0..<token.count, in: token.span, at: now)
    }

    @Test("A token is found by all of its bytes, and not when its time is over or its key was taken away")
    func found() throws {
        var memory = CallerMemory()
        let end = NIODeadline.now() + .seconds(100)
        let (one, other) = (try caller(until: end), try caller())
        memory.remember(0..<token(1).count, in: token(1).span, one)
        memory.remember(0..<token(2).count, in: token(2).span, other)
        #expect(find(token(1), in: memory) === one && find(token(2), in: memory) === other)
        #expect(find(Array(token(1).dropLast()), in: memory) == nil && find(token(3), in: memory) == nil)
        #expect(find(token(1), in: memory, at: end) == nil && find(token(2), in: memory, at: end) === other)
    }

    @Test("However many tokens come, no more of them are kept than a few megabytes")
    func bounded() throws {
        var memory = CallerMemory()
        let caller = try caller()
        let most = 3 * CallerMemory.mostBytes / token(0).count
        for number in 0..<most { memory.remember(0..<token(number).count, in: token(number).span, caller) }
        let kept = (0..<most).filter { find(token($0), in: memory) != nil }
        #expect(kept.contains(most - 1))
        #expect(kept.count * token(0).count <= CallerMemory.mostBytes)
    }

    @Test("What is over makes room when it is tidied away")
    func tidied() throws {
        var memory = CallerMemory()
        let end = NIODeadline.now() + .seconds(1)
        let fits = CallerMemory.mostBytes / token(99_999).count
        for number in 0..<fits - 1 {
            memory.remember(0..<token(number).count, in: token(number).span, try caller(until: end))
        }
        let lasting = try caller()
        memory.remember(0..<token(99_999).count, in: token(99_999).span, lasting)
        memory.tidy(end)
        for number in 0..<fits - 1 { memory.remember(0..<token(number).count, in: token(number).span, lasting) }
        #expect(find(token(99_999), in: memory) === lasting)
    }
}
