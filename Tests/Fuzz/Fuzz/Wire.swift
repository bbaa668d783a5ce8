// What comes from peers: replies of Redis, heads of requests, messages of sockets. However the bytes are cut, they mean the same.

import HTTPService
import NIOCore
import NIOWebSocket

@testable import Redis
@testable import Sockets

/// The first byte says how long the pieces are.
func fuzzReplies(_ input: [UInt8]) {
    guard let first = input.first else { return }
    let bytes = input.dropFirst()
    let whole = replies(bytes, inPiecesOf: max(bytes.count, 1))
    let pieces = replies(bytes, inPiecesOf: Int(first) % 16 + 1)
    promise(whole == pieces, "Replies are the same however they are cut")
}

private func replies(_ bytes: ArraySlice<UInt8>, inPiecesOf count: Int) -> [RESPValue] {
    var reader = ReplyReader()
    var replies: [RESPValue] = []
    var rest = bytes
    do {
        while !rest.isEmpty {
            try reader.feed(ByteBuffer(bytes: rest.prefix(count)))
            rest = rest.dropFirst(count)
            while let reply = try reader.next() { replies.append(reply) }
        }
    } catch {}
    return replies
}

func fuzzRequests(_ input: [UInt8]) {
    let limits = ScanLimits()
    guard case .request(let request) = RequestScan(input.span, limits: limits) else { return }
    promise(request.headBytes <= input.count && request.bodyBytes >= 0, "A head is among the bytes")
    for field in [
        request.target, request.contentType, request.ifNoneMatch, request.prefer, request.origin, request.accept,
        request.acceptEncoding, request.aIM, request.lastEventID,
    ] { promise(field.upperBound <= request.headBytes, "A field is in the head") }
    promise(!request.target.isEmpty, "A request has a target")
    for count in 0..<request.headBytes {
        promise(
            RequestScan(input.span.extracting(..<count), limits: limits) == .incomplete,
            "The beginning of a request is incomplete, and not another request")
    }
    let head = RequestScan(input.span.extracting(..<request.headBytes), limits: limits)
    promise(head == .request(request), "What is behind a head does not alter it")
}

/// Fragments: a byte for what it is, a byte for its length, that many bytes.
func fuzzMessages(_ input: [UInt8]) {
    let limit = 64
    var assembly = MessageAssembly(limit: limit)
    var rest = input[...]
    while let kind = rest.popFirst(), let count = rest.popFirst() {
        let payload = ByteBuffer(bytes: rest.prefix(Int(count)))
        rest = rest.dropFirst(Int(count))
        let message: SocketMessage?
        do {
            message =
                kind & 4 == 0
                ? try assembly.begin(isText: kind & 1 == 0, payload, isFinal: kind & 2 == 0)
                : try assembly.go(on: payload, isFinal: kind & 2 == 0)
        } catch { return }
        promise(assembly.count <= limit, "No more is kept than a message may have")
        switch message {
        case .text(let text):
            promise(text.readableBytes <= limit && !assembly.isIncomplete, "A message is whole")
            promise(String(validating: text.readableBytesView, as: UTF8.self) != nil, "Text is UTF-8")
        case .binary(let bytes): promise(bytes.readableBytes <= limit && !assembly.isIncomplete, "A message is whole")
        case nil: promise(assembly.isIncomplete == (kind & 2 != 0), "A message ends with its last fragment")
        }
    }
}
