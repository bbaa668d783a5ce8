import NIOCore
import Testing

@testable import cistern_bench

@Suite struct HookTests {
    @Test func `what stands between a marker and the next quotation mark is found, or nothing`() {
        let text = ByteBuffer(string: #"{"app":"a","id":"o-1","token":""}"#)
        #expect(text.quoted(after: #""id":""#) == "o-1")
        #expect(text.quoted(after: #""token":""#)?.isEmpty == true)
        #expect(text.quoted(after: #""none":""#) == nil)
        #expect(ByteBuffer().quoted(after: "x") == nil)
    }

    @Test func `a webhook is about a change, an operation or a version`() {
        func subject(_ body: String) -> String? {
            HookArrival(path: "/", body: ByteBuffer(string: body), time: 0).subject
        }
        #expect(subject(#"{"data":{"app":"a","href":"/v1/apps/a/changes/c1"}}"#) == "c1")
        #expect(subject(#"{"data":{"app":"a","href":"/v1/apps/a/operations/o1"}}"#) == "o1")
        #expect(subject(#"{"data":{"app":"a","version":"e-1","href":"/v1/apps/a/state"}}"#) == "e-1")
        #expect(subject("{}") == nil)
    }

    @Test func `a receiver takes each request once, and hangs where it is told to`() async throws {
        let receiver = try await HookReceiver.start()
        let client = Client(port: receiver.port)
        for number in 0..<3 {
            let answer = try await client.send(Request.post("/w\(number)", type: Request.json, #"{"n":\#(number)}"#))
            #expect(answer.status == 204)
        }
        let arrivals = try await receiver.take(3)
        #expect(arrivals.map(\.path) == ["/w0", "/w1", "/w2"])
        #expect(arrivals.map { String(buffer: $0.body) } == [#"{"n":0}"#, #"{"n":1}"#, #"{"n":2}"#])
        let other = Client(port: receiver.port)
        let silent = Task { try await other.send(Request.post("/hang", type: Request.json, "{}")) }
        #expect(try await client.send(Request.post("/w3", type: Request.json, "{}")).status == 204)
        _ = try await receiver.take(1)
        while try await receiver.hanging == 0 { try await Task.sleep(for: .milliseconds(2)) }
        try await receiver.letGo()
        await #expect(throws: Wrong.self) { _ = try await silent.value }
        await client.close()
        try await receiver.stop()
    }
}
