import Documents
import NIOPosix
import Receivers
import TestSupport
import Testing
import Webhooks

@testable import Delivering

@Suite("Sending webhooks", .timeLimit(.minutes(2)))
struct SenderTests {
    private let body = Array(#"{"a":1}"#.utf8)

    private func withReceiver(
        _ behaviour: @escaping @Sendable (Received, Int) -> Behaviour = { _, _ in .answer(204) },
        _ test: (Receiver) async throws -> Void
    ) async throws {
        let receiver = Receiver(behaviour)
        try await receiver.start()
        do { try await test(receiver) } catch {
            await receiver.stop()
            throw error
        }
        await receiver.stop()
    }

    @Test("A request is signed over the bytes that are sent, with our fields whatever the subscriber's are")
    func request() async throws {
        try await withReceiver { receiver in
            try await withSender(resolver: ScriptedResolver([])) { sender in
                let hook = try webhook(receiver.url("/x?y=z"), #","headers":{"X-Mine":"a b"}"#)
                #expect(await sender.send(body, as: delivery, to: hook) == .answered(status: 204, retryAfter: nil))
                let seen = try #require(receiver.received.first)
                #expect(seen.path == "/x?y=z" && seen.body == body && seen["X-Mine"] == "a b")
                #expect(seen["Content-Type"] == "application/json" && seen["Webhook-Id"] == "\(delivery)")
                #expect(seen["Host"] == "127.0.0.1:\(receiver.port)")
                let time = try #require(seen["Webhook-Timestamp"].flatMap { Int64($0) })
                #expect(
                    seen["Webhook-Signature"]
                        == hook.secrets.signatures(id: "\(delivery)", timestamp: time, body: body))
            }
        }
    }

    @Test(
        "A name is connected to where it was checked, with the name in Host; at the second look-up it may be elsewhere")
    func rebinding() async throws {
        try await withReceiver { receiver in
            // The system knows no such name: were it asked, nothing would arrive.
            let resolver = try ScriptedResolver([
                ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1", "10.0.0.1"], ["127.0.0.1"],
            ])
            try await withSender(resolver: resolver) { sender in
                let hook = try webhook("http://rebind.invalid:\(receiver.port)/")
                #expect(await sender.send(body, as: delivery, to: hook) == .answered(status: 204, retryAfter: nil))
                #expect(receiver.received.first?["Host"] == "rebind.invalid:\(receiver.port)")
                // Neither by the connection that is there nor by a new one.
                #expect(await sender.send(body, as: delivery, to: hook) == .refused)
                // One bad address among good ones is enough.
                #expect(await sender.send(body, as: delivery, to: hook) == .refused)
                #expect(receiver.received.count == 1)
                #expect(await sender.send(body, as: delivery, to: hook) == .answered(status: 204, retryAfter: nil))
                #expect(resolver.names == Array(repeating: "rebind.invalid", count: 4))
            }
        }
    }

    @Test("What resolves to a private address, or has one in its URL, is refused without a connection")
    func refusals() async throws {
        try await withReceiver { receiver in
            let rules = AddressRules()
            for address in ["127.0.0.1", "::ffff:127.0.0.1", "10.0.0.1", "169.254.169.254", "fd00::1"] {
                try await withSender(configuration(rules), resolver: ScriptedResolver([[address]])) { sender in
                    let named = try webhook("http://name.invalid:\(receiver.port)/")
                    #expect(await sender.send(body, as: delivery, to: named) == .refused, "\(address)")
                }
            }
            try await withSender(configuration(rules), resolver: ScriptedResolver([])) { sender async throws -> Void in
                #expect(await sender.send(body, as: delivery, to: try webhook(receiver.url())) == .refused)
                #expect(
                    await sender.send(body, as: delivery, to: try webhook("http://none.invalid/")) == .unresolved)
            }
            let secure = AddressRules(allowed: loopback.allowed, isHTTPSOnly: true)
            try await withSender(configuration(secure), resolver: ScriptedResolver([])) { sender async throws -> Void in
                #expect(await sender.send(body, as: delivery, to: try webhook(receiver.url())) == .refused)
            }
            #expect(receiver.received.isEmpty)
        }
    }

    @Test("A redirect is an answer like any other, and is not followed")
    func redirects() async throws {
        try await withReceiver { request, _ in
            request.path == "/" ? .answer(307, [("Location", "/elsewhere")]) : .answer(204)
        } _: { receiver in
            try await withSender(resolver: ScriptedResolver([])) { sender in
                let end = await sender.send(body, as: delivery, to: try webhook(receiver.url()))
                #expect(end == .answered(status: 307, retryAfter: nil))
                #expect(receiver.received.map(\.path) == ["/"])
            }
        }
    }

    @Test("Whoever hangs, or drips, has as much time as anybody")
    func slow() async throws {
        try await withReceiver { request, _ in
            switch request.path {
            case "/hang": .hang
            case "/drip": .dripHead
            case "/body": .dripBody(200)
            case "/up": .hangUp
            case "/late": .slow(200, after: .milliseconds(300))
            default: .answer(429, [("Retry-After", "7")])
            }
        } _: { receiver in
            var impatient = configuration()
            impatient.attemptTimeout = .seconds(2)
            try await withSender(impatient, resolver: ScriptedResolver([])) { sender async throws -> Void in
                for path in ["/hang", "/drip"] {
                    let start = ContinuousClock.now
                    let end = await sender.send(body, as: delivery, to: try webhook(receiver.url(path)))
                    #expect(end == .timedOut && ContinuousClock.now - start < configuration().attemptTimeout)
                }
            }
            try await withSender(resolver: ScriptedResolver([])) { sender async throws -> Void in
                func end(_ path: String) async throws -> AttemptEnd {
                    await sender.send(body, as: delivery, to: try webhook(receiver.url(path)))
                }
                // The head has said it.
                #expect(try await end("/body") == .answered(status: 200, retryAfter: nil))
                #expect(try await end("/up") == .failed("connection-closed"))
                #expect(try await end("/late") == .answered(status: 200, retryAfter: nil))
                #expect(try await end("/busy") == .answered(status: 429, retryAfter: "7"))
            }
        }
    }

    @Test("The system's resolver has all addresses of a name, for everybody who asks at the same time")
    func system() async throws {
        let resolver = SystemResolver(eventLoop: MultiThreadedEventLoopGroup.singleton.next())
        let answers = try await withThrowingTaskGroup(of: [IPAddress].self) { group in
            for _ in 0..<50 { group.addTask { try await resolver.addresses(of: "localhost") } }
            var answers: [[IPAddress]] = []
            for try await answer in group { answers.append(answer) }
            return answers
        }
        #expect(answers.count == 50 && Set(answers).count == 1)
        #expect(answers[0].contains { "\($0)" == "127.0.0.1" } && !answers[0].contains { AddressRules().allow($0) })
        #expect(try await resolver.addresses(of: "127.0.0.1") == [IPAddress("127.0.0.1")])
        await resolver.shutdown()
    }

    @Test("A port where nobody listens, and what is no TLS, are failures")
    func broken() async throws {
        try await withReceiver { receiver in
            try await withSender(resolver: ScriptedResolver([])) { sender in
                let secure = try webhook("https://127.0.0.1:\(receiver.port)/")
                let end = await sender.send(body, as: delivery, to: secure)
                #expect(end == .failed("tls-failed"))
                let port = receiver.port
                await receiver.stop()
                let nobody = await sender.send(body, as: delivery, to: try webhook("http://127.0.0.1:\(port)/"))
                #expect(nobody == .failed("connection-failed"))
            }
        }
    }
}
