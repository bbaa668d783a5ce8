import NIOCore
import Testing

@testable import cistern_bench

@Suite struct DeliveryTests {
    @Test func `a long poll says what it has in the words of both servers`() {
        #expect(
            String(buffer: Delivery.longPoll.request("/a", etag: "\"e-1\""))
                == "GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-None-Match: \"e-1\"\r\nPrefer: wait=60\r\n\r\n")
        #expect(
            String(buffer: Delivery.longPoll.request("/a", etag: "0", modified: "now"))
                == "GET /a HTTP/1.1\r\nHost: 127.0.0.1\r\nIf-None-Match: 0\r\nPrefer: wait=60\r\nIf-Modified-Since: now\r\n\r\n"
        )
    }

    @Test func `only the message that was sent is what was expected`() {
        let state = CountedState(bytes: 300)
        #expect(Expected.state(state, 7).isMet(by: ByteBuffer(string: state.text(7))))
        #expect(!Expected.state(state, 7).isMet(by: ByteBuffer(string: state.text(6))))
        #expect(Expected.text(ByteBuffer(string: "ab")).isMet(by: ByteBuffer(string: "ab")))
        #expect(!Expected.text(ByteBuffer(string: "ab")).isMet(by: ByteBuffer(string: "abc")))
        #expect(Expected.beginning(ByteBuffer(string: "ab")).isMet(by: ByteBuffer(string: "abc")))
        #expect(!Expected.beginning(ByteBuffer(string: "ab")).isMet(by: ByteBuffer(string: "a")))
    }

    @Test func `what several loops received counts from the first to the last`() {
        var tally = SubscriberGroup.Tally(received: 2, first: 50, last: 90, bytes: 10)
        tally.add(SubscriberGroup.Tally(received: 3, first: 40, last: 70, bytes: 15))
        tally.add(SubscriberGroup.Tally())
        #expect([tally.received, tally.bytes] == [5, 25])
        #expect([tally.first, tally.last] == [40, 90])
    }
}
