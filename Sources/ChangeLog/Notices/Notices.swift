// What daemons say of themselves, for whoever looks after them: one short document each in a hash in Redis, replaced every other
// second and forgotten some time after a daemon has fallen silent. Nothing depends on it but what people are shown.

package import Documents
import Redis

/// What is said where. Apart, because who asks for health does not want the lists.
package enum Bulletin: Sendable {
    /// How each daemon is.
    case health
    /// The busiest applications, as each daemon has seen them.
    case busiest

    var key: String {
        switch self {
        case .health: "cistern:health"
        case .busiest: "cistern:busiest"
        }
    }

    /// How long what a silent daemon has said last is kept: whoever looks in the morning should see that one of the night is missing, but
    /// a list of what was busy is of no use afterwards.
    package var lifetime: Duration {
        switch self {
        case .health: .seconds(10 * 60)
        case .busiest: .seconds(6)
        }
    }

    /// Between two notices of a daemon.
    package static let interval: Duration = .seconds(2)

    /// A daemon that has said nothing for this long has died, hangs, or cannot reach Redis: two notices and a bit.
    package static let silence: Duration = .seconds(5)

    /// Daemons on a board. One that is started again and again under ever new names must not fill the memory.
    static let mostDaemons = 1_000
}

/// What a daemon said last.
package struct Notice: Sendable {
    package let daemon: String
    /// Milliseconds since 1970, by the clock of Redis.
    package let time: UInt64
    package let document: Document
}

package struct Notices: Sendable {
    /// Milliseconds since 1970, by the clock of Redis, when it answered.
    package let now: UInt64
    /// By the names of the daemons.
    package let all: [Notice]

    package func age(of notice: Notice) -> Duration { .milliseconds(Int64(clamping: now - min(notice.time, now))) }
}

extension ChangeLog {
    /// Replaces what a daemon says; without a document it leaves.
    ///
    /// - Returns: false if as many daemons have said something as may.
    @discardableResult
    package func post(
        _ document: Document?, as daemon: String, on bulletin: Bulletin
    ) async throws(LogError) -> Bool {
        do throws(RedisError) {
            let connection = try await client.connection()
            let lifetime = document == nil ? Duration.zero : bulletin.lifetime
            let reply = try await connection.evaluate(
                Scripts.post, keys: [.string(bulletin.key)],
                arguments: [
                    .string(daemon), .milliseconds(lifetime), .integer(Int64(Bulletin.mostDaemons)),
                    .bytes(document?.encoded() ?? []),
                ])
            return try ScriptAnswer(reply, of: Scripts.post).tag == "ok"
        } catch {
            throw LogError(error)
        }
    }

    package func notices(on bulletin: Bulletin) async throws(LogError) -> Notices {
        do throws(RedisError) {
            return try await Notices.read(bulletin, from: try await client.connection())
        } catch {
            throw LogError(error)
        }
    }
}

extension Notices {
    static func read(_ bulletin: Bulletin, from connection: RedisConnection) async throws(RedisError) -> Notices {
        let reply = try await connection.evaluate(
            Scripts.notices, keys: [.string(bulletin.key)], arguments: [.milliseconds(bulletin.lifetime)])
        let answer = try ScriptAnswer(reply, of: Scripts.notices)
        let fields = try answer.array(1)
        var all: [Notice] = []
        for index in stride(from: 0, to: fields.count - 2, by: 3) {
            // What another program has written there is passed over.
            guard let daemon = fields[index].string, let time = fields[index + 1].integer, time >= 0,
                let bytes = fields[index + 2].bytes, let document = try? Document(parsing: bytes.span)
            else { continue }
            all.append(Notice(daemon: daemon, time: UInt64(time), document: document))
        }
        return Notices(now: try answer.number(0), all: all.sorted { $0.daemon < $1.daemon })
    }
}
