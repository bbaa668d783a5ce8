// wrk does not tell which changes were acknowledged, only how many. So some more are pushed by clients that remember each answer: every
// acknowledged change is in the state, at the position that it was told, and nobody else was told that position.

import Foundation
import NIOCore

struct AcknowledgedPushes: Sendable {
    let application = "acknowledged"
    /// Positions by change id.
    private let positions: [String: Int]

    private static let clients = 32
    private static let perClient = 100

    var count: Int { positions.count }

    init(pushingTo cistern: Cistern) async throws {
        let application = application
        positions = try await withThrowingTaskGroup { tasks in
            for number in 0..<Self.clients {
                tasks.addTask { try await Self.push(from: number, to: application, cistern) }
            }
            return try await tasks.reduce(into: [:]) { all, some in all.merge(some) { first, _ in first } }
        }
    }

    private static func push(
        from number: Int, to application: String, _ cistern: Cistern
    ) async throws -> [String: Int] {
        let client = Client(port: cistern.port)
        var positions: [String: Int] = [:]
        for count in 0..<perClient {
            let id = "client\(number)-\(count)"
            let request = Request.put(
                Request.change(id, of: application), type: Request.mergePatch, #"{"\#(id)":\#(count)}"#)
            let answer = try await client.send(request)
            // Each second change is sent twice: a repeat is told the same.
            let again = count % 2 == 0 ? answer : try await client.send(request)
            let position = try position(in: answer)
            guard answer.status == 201, again.status == (count % 2 == 0 ? 201 : 200),
                try position == Self.position(in: again)
            else { throw Wrong("A change was answered \(answer.text), its repeat \(again.text).") }
            positions[id] = position
        }
        await client.close()
        return positions
    }

    private static func position(in answer: Answer) throws -> Int {
        let body = try JSONSerialization.jsonObject(with: Data(answer.body.readableBytesView)) as? [String: Any]
        guard let position = body?["position"] as? Int else { throw Wrong("A push was answered \(answer.text).") }
        return position
    }

    /// - Parameter state: of the application, when all is merged.
    func check(_ state: [String: Int]) throws {
        let numbers = Set(positions.values)
        guard count == Self.clients * Self.perClient, numbers == Set(1...count), Set(state.keys) == Set(positions.keys)
        else { throw Wrong("\(count) changes were acknowledged at \(numbers.count) positions; \(state.count) show.") }
    }
}
