// The keys and arguments of a call of the append script, encoded as they go over the wire. See append.lua for what stands where.

import Documents
import Fold
import NIOCore
import Redis

/// What is the same in every call to an application.
struct AppendTarget {
    let application: ApplicationID
    let partition: Partition
    fileprivate let keys: RedisArguments
    fileprivate let arguments: RedisArguments
    /// What stands in front of a client's name in the key of its record.
    fileprivate let clients: String

    init(_ application: ApplicationID, in partition: Partition) {
        self.application = application
        self.partition = partition
        keys = RedisArguments(
            [
                partition.server, partition.head(of: application), partition.log(of: application), partition.dirty,
                partition.applications, partition.records,
            ] + partition.windows(of: application))
        arguments = RedisArguments([application.description, partition.pushed])
        clients = partition.clients(of: application)
    }
}

struct AppendCall {
    private(set) var keys: RedisArguments
    private(set) var arguments = RedisArguments()

    /// - Parameters:
    ///   - life: goes in front of the arguments, if it is known yet.
    ///   - bytes: about how many there will be.
    init(
        _ changes: some Sequence<Change>, to target: AppendTarget, nonce: String, life: String?, allOrNone: Bool,
        bytes: Int
    ) {
        keys = target.keys
        arguments.reserveCapacity(bytes)
        if let life { arguments.append(life) }
        arguments.append(target.arguments)
        arguments.append(nonce)
        arguments.append(allOrNone ? "1" : "0")
        var forms: [UInt8] = []
        for change in changes {
            switch change.id.form {
            case .sequenced(let client, _):
                forms.append(UInt8(ascii: "n"))
                keys.append(target.clients, client)
            case .timed: forms.append(UInt8(ascii: "t"))
            case .plain: forms.append(UInt8(ascii: "p"))
            }
            change.append(to: &arguments)
        }
        arguments.append(.bytes(forms))
    }
}

extension Change {
    /// Room for a client's key, the entry's head, and the protocol's marks around them.
    private static let frame = 256

    /// About what it takes of a call, in bytes.
    var appendSize: Int { body.count + 2 * id.description.utf8.count + Self.frame }

    /// `<id> <kind> <condition> <digest>\n<patch>`
    fileprivate func append(to arguments: inout RedisArguments) {
        let (id, digest, condition) = (id.description, digest.description, conditionArgument)
        let count = id.utf8.count + 3 + condition.utf8.count + 1 + digest.utf8.count + 1 + body.count
        arguments.append(byteCount: count) { buffer in
            buffer.writeString(id)
            buffer.writeInteger(UInt8(ascii: " "))
            buffer.writeInteger(kind.code.asciiValue ?? UInt8(ascii: "?"))
            buffer.writeInteger(UInt8(ascii: " "))
            buffer.writeString(condition)
            buffer.writeInteger(UInt8(ascii: " "))
            buffer.writeString(digest)
            buffer.writeInteger(UInt8(ascii: "\n"))
            buffer.writeBytes(body)
        }
    }

    /// With the epoch in which alone it holds, for the script to settle.
    private var conditionArgument: String {
        switch FoldCondition.resolving(precondition) {
        case (let condition, nil): condition.description
        case (let condition, let epoch?): "\(condition)@\(epoch)"
        }
    }
}
