import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import Synchronization
import SystemSupport
import TestSupport

/// One event as its reader got it.
struct LiveEvent: Sendable, Equatable {
    /// Of this event, or the last one before it that had one; nil after an empty one.
    let id: String?
    let name: String
    let data: String
}

/// Reads a stream of events by the rules of HTML §9.2.6, whatever pieces it comes in.
struct EventParser {
    private var line: [UInt8] = []
    private var id: String?
    private var name = ""
    private var data: [String] = []
    private(set) var events: [LiveEvent] = []
    private(set) var comments = 0
    private(set) var retry: String?
    /// The positions that events have, in their order.
    private(set) var positions: [String] = []
    /// Lines that no rule knows.
    private(set) var oddities: [String] = []

    mutating func read(_ bytes: some Sequence<UInt8>) {
        for byte in bytes {
            if byte == UInt8(ascii: "\n") {
                take(String(decoding: line, as: UTF8.self))
                line.removeAll(keepingCapacity: true)
            } else {
                line.append(byte)
            }
        }
    }

    private mutating func take(_ line: String) {
        guard !line.isEmpty else { return dispatch() }
        let halves = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
        let value = halves.count > 1 ? String(halves[1].trimmingPrefix(" ")) : ""
        switch halves[0] {
        case "": comments += 1
        case "id": id = value.isEmpty ? nil : value
        case "event": name = value
        case "data": data.append(value)
        case "retry": retry = value
        case "position": positions.append(value)
        default: oddities.append(line)
        }
    }

    private mutating func dispatch() {
        defer {
            name = ""
            data = []
        }
        guard !data.isEmpty else { return }
        events.append(LiveEvent(id: id, name: name, data: data.joined(separator: "\n")))
    }
}

/// A stream of events that is being read while a test does other things.
final class EventStream: Sendable {
    let status: Int
    private let headers: HTTPHeaders

    private struct State {
        var parser = EventParser()
        var hasEnded = false
        var failure: String?
    }
    private let state = Mutex(State())

    fileprivate init(_ response: HTTPClientResponse) {
        status = Int(response.status.code)
        headers = response.headers
    }

    subscript(header: String) -> String? { headers.first(name: header) }

    var events: [LiveEvent] { state.withLock { $0.parser.events } }
    var positions: [String] { state.withLock { $0.parser.positions } }
    var comments: Int { state.withLock { $0.parser.comments } }
    var oddities: [String] { state.withLock { $0.parser.oddities } }
    var retry: String? { state.withLock { $0.parser.retry } }
    /// The server has ended it as HTTP says.
    var hasEnded: Bool { state.withLock { $0.hasEnded } }
    var hasFailed: Bool { state.withLock { $0.failure != nil } }

    /// What a client has that has taken all events.
    func copy(_ manipulation: Manipulation = .mergePatch, from start: ClientCopy = ClientCopy()) -> ClientCopy {
        events.reduce(into: start) { $0.take($1, manipulation) }
    }

    fileprivate func read(_ body: HTTPClientResponse.Body) async {
        do {
            for try await part in body { state.withLock { $0.parser.read(part.readableBytesView) } }
            state.withLock { $0.hasEnded = true }
        } catch {
            state.withLock { $0.failure = "\(error)" }
        }
    }

    /// Waits until it has so many events.
    func has(_ count: Int, within limit: Duration = .seconds(20)) async throws {
        try await eventually(within: limit, "a stream has \(count) events") { events.count >= count }
    }
}

extension TestCistern {
    /// Opens a stream and reads it while the body runs; then closes it.
    func withEvents<Value>(
        of app: String = "board", _ query: String = "", headers: [(String, String)] = [],
        from server: DaemonProcess? = nil, isolation: isolated (any Actor)? = #isolation,
        _ body: (EventStream) async throws -> Value
    ) async throws -> Value {
        var request = HTTPClientRequest(url: (server ?? poller).url + "/v1/apps/\(app)/state\(query)")
        request.headers.add(name: "Accept", value: "text/event-stream")
        for (name, value) in headers { request.headers.add(name: name, value: value) }
        let response = try await http.execute(request, timeout: .minutes(3))
        let stream = EventStream(response)
        let reading = Task { await stream.read(response.body) }
        defer { reading.cancel() }
        return try await body(stream)
    }
}
