// The only file that touches libmemcached. A `Handle` owns one `memcached_st`, is built by one function and never cloned or
// pooled (clones lose part of the settings and then send keys to other servers), and belongs to one thread at a time.
//
// What is not left to libmemcached, because its versions and the paths through its code differ in it:
// - Whether a connection is kept after a time-out. A client was seen to return another key's value, from an answer that came
//   late. Every failure but a plain refusal means that the whole handle has to be thrown away; `ServerConnection` does that.
// - What the end of a fetch means. With several servers it says "not found" although none of them answered in time. So a
//   handle that connects has one server, and the end counts only if no error was noted since the request.

import CMemcached

#if canImport(Glibc)
    import Glibc
#endif

/// Something failed inside libmemcached.
enum HandleFailure: Error {
    /// No answer within the connect or poll time-out.
    case silent
    /// No connection, or it broke.
    case disconnected(String)
    /// The answer does not belong to the request.
    case disorder(String)
    /// A well-formed refusal; the connection is still in step.
    case refused(String)
    /// The server's "object too large for cache".
    case tooLarge
}

@safe
final class Handle {
    enum StoreCommand {
        case set
        case add
        case compareAndSet(cas: UInt64)
    }

    private let pointer: UnsafeMutablePointer<memcached_st>

    /// Connects to nothing yet.
    ///
    /// - Throws: `MemcachedError.misconfigured`.
    init(servers: [MemcachedAddress], configuration: MemcachedConfiguration) throws(MemcachedError) {
        guard let pointer = unsafe memcached_create(nil) else {
            throw .misconfigured("libmemcached found no memory for a handle")
        }
        unsafe self.pointer = unsafe pointer
        for (behavior, value, name) in Self.behaviors(configuration) {
            let code = unsafe memcached_behavior_set(pointer, behavior, value)
            guard code == MEMCACHED_SUCCESS else {
                throw .misconfigured("libmemcached does not take \(name) = \(value): \(Self.text(code))")
            }
        }
        for server in servers {
            let code =
                switch server {
                case .tcp(let host, let port): unsafe memcached_server_add(pointer, host, in_port_t(port))
                case .unix(let path): unsafe memcached_server_add_unix_socket(pointer, path)
                }
            guard code == MEMCACHED_SUCCESS else {
                throw .misconfigured("libmemcached does not take the server \(server): \(Self.text(code))")
            }
        }
    }

    deinit {
        unsafe memcached_free(pointer)
    }

    private static func behaviors(_ configuration: MemcachedConfiguration) -> [(memcached_behavior_t, UInt64, String)] {
        let connect = UInt64(configuration.connectTimeout / .milliseconds(1))
        let poll = UInt64(configuration.pollTimeout / .milliseconds(1))
        return [
            // The binary protocol is deprecated and switches the check of keys off.
            (MEMCACHED_BEHAVIOR_BINARY_PROTOCOL, 0, "binary protocol"),
            (MEMCACHED_BEHAVIOR_VERIFY_KEY, 1, "verify key"),
            (MEMCACHED_BEHAVIOR_SUPPORT_CAS, 1, "support cas"),
            (MEMCACHED_BEHAVIOR_TCP_NODELAY, 1, "tcp nodelay"),
            (MEMCACHED_BEHAVIOR_CONNECT_TIMEOUT, connect, "connect timeout"),
            (MEMCACHED_BEHAVIOR_POLL_TIMEOUT, poll, "poll timeout"),
            // A server that comes back after its keys went elsewhere answers with old values.
            (MEMCACHED_BEHAVIOR_AUTO_EJECT_HOSTS, 0, "auto eject hosts"),
            (MEMCACHED_BEHAVIOR_NOREPLY, 0, "noreply"),
            (MEMCACHED_BEHAVIOR_BUFFER_REQUESTS, 0, "buffer requests"),
            // Plain, unweighted; MD5 for keys and for points on the ring spreads keys most evenly.
            (MEMCACHED_BEHAVIOR_DISTRIBUTION, UInt64(MEMCACHED_DISTRIBUTION_CONSISTENT.rawValue), "distribution"),
            (MEMCACHED_BEHAVIOR_HASH, UInt64(MEMCACHED_HASH_MD5.rawValue), "hash"),
            (MEMCACHED_BEHAVIOR_KETAMA_HASH, UInt64(MEMCACHED_HASH_MD5.rawValue), "ketama hash"),
        ]
    }

    // MARK: - Requests

    /// The place, in the list of servers, of the one that keeps this key. No input or output.
    func serverIndex(forKey key: String) -> Int {
        Int(unsafe memcached_generate_hash(pointer, key, key.utf8.count))
    }

    /// Asks for many keys in one request and hands over every value as it comes in, or as many bytes of it as are wanted.
    func fetch(
        _ keys: [String], bytes wanted: (_ key: String) -> Int, each: (_ key: String, _ item: MemcachedItem) -> Void
    ) throws(HandleFailure) {
        var bytes: [CChar] = []
        var starts: [Int] = []
        let lengths = keys.map { $0.utf8.count }
        for key in keys {
            starts.append(bytes.count)
            bytes.append(contentsOf: key.utf8.lazy.map { CChar(bitPattern: $0) })
        }
        let code = unsafe bytes.withUnsafeBufferPointer { bytes in
            let pointers = unsafe starts.map { start in unsafe bytes.baseAddress.map { unsafe $0 + start } }
            return unsafe memcached_mget(pointer, pointers, lengths, keys.count)
        }
        guard code == MEMCACHED_SUCCESS else { throw failure(code) }
        try receive(wanted, each)
    }

    private func receive(
        _ wanted: (String) -> Int, _ each: (String, MemcachedItem) -> Void
    ) throws(HandleFailure) {
        guard let result = unsafe memcached_result_create(pointer, nil) else {
            throw .disorder("no memory for a result")
        }
        // libmemcached frees the result itself when it returns nil.
        var code = MEMCACHED_SUCCESS
        while let found = unsafe memcached_fetch_result(pointer, result, &code) {
            let keyBytes = unsafe UnsafeBufferPointer(
                start: memcached_result_key_value(found), count: memcached_result_key_length(found))
            let valueBytes = unsafe UnsafeRawBufferPointer(
                start: memcached_result_value(found), count: memcached_result_length(found))
            let key = unsafe String(decoding: keyBytes.lazy.map { UInt8(bitPattern: $0) }, as: UTF8.self)
            let item = unsafe MemcachedItem(
                value: Array(valueBytes.prefix(wanted(key))), cas: memcached_result_cas(found))
            each(key, item)
        }
        guard code == MEMCACHED_END || code == MEMCACHED_NOTFOUND else { throw failure(code) }
        let noted = unsafe memcached_last_error(pointer)
        guard noted == MEMCACHED_SUCCESS else { throw failure(noted) }
    }

    /// - Returns: how memcached answered; `tooLarge` comes as a failure.
    func store(
        _ command: StoreCommand, key: String, value: [UInt8], expiration: Int
    ) throws(HandleFailure) -> MemcachedStoreOutcome {
        let keyLength = key.utf8.count
        let code = unsafe value.withUnsafeBytes { value in
            let bytes = unsafe value.baseAddress?.assumingMemoryBound(to: CChar.self)
            return switch command {
            case .set:
                unsafe memcached_set(pointer, key, keyLength, bytes, value.count, expiration, 0)
            case .add:
                unsafe memcached_add(pointer, key, keyLength, bytes, value.count, expiration, 0)
            case .compareAndSet(let cas):
                unsafe memcached_cas(pointer, key, keyLength, bytes, value.count, expiration, 0, cas)
            }
        }
        switch code {
        case MEMCACHED_SUCCESS, MEMCACHED_STORED: return .stored
        case MEMCACHED_DATA_EXISTS, MEMCACHED_NOTSTORED: return .exists
        case MEMCACHED_NOTFOUND: return .notFound
        default: throw failure(code)
        }
    }

    /// - Returns: whether there was an item.
    func delete(_ key: String) throws(HandleFailure) -> Bool {
        let code = unsafe memcached_delete(pointer, key, key.utf8.count, 0)
        switch code {
        case MEMCACHED_SUCCESS, MEMCACHED_DELETED: return true
        case MEMCACHED_NOTFOUND: return false
        default: throw failure(code)
        }
    }

    /// The statistics of a handle's one server.
    func statistics(_ group: MemcachedStatistics) throws(HandleFailure) -> [String: String] {
        var lines: [String: String] = [:]
        let argument: String? =
            switch group {
            case .general: nil
            case .settings: "settings"
            }
        let code = unsafe withUnsafeMutablePointer(to: &lines) { lines in
            unsafe memcached_stat_execute(
                pointer, argument,
                { _, key, keyLength, value, valueLength, context in
                    guard let key = unsafe key, let value = unsafe value, let context = unsafe context else {
                        return MEMCACHED_FAILURE
                    }
                    let name = unsafe String(
                        decoding: UnsafeRawBufferPointer(start: key, count: keyLength), as: UTF8.self)
                    let text = unsafe String(
                        decoding: UnsafeRawBufferPointer(start: value, count: valueLength), as: UTF8.self)
                    unsafe context.assumingMemoryBound(to: [String: String].self).pointee[name] = text
                    return MEMCACHED_SUCCESS
                }, lines)
        }
        guard code == MEMCACHED_SUCCESS, !lines.isEmpty else {
            throw code == MEMCACHED_SUCCESS ? .disorder("no statistics") : failure(code)
        }
        return lines
    }

    // MARK: - Failures

    private func failure(_ code: memcached_return_t) -> HandleFailure {
        switch code {
        case MEMCACHED_E2BIG:
            return .tooLarge
        case MEMCACHED_TIMEOUT, MEMCACHED_IN_PROGRESS:
            return .silent
        case MEMCACHED_SERVER_ERROR, MEMCACHED_SERVER_MEMORY_ALLOCATION_FAILURE:
            return .refused(reason(code))
        case MEMCACHED_CONNECTION_FAILURE, MEMCACHED_HOST_LOOKUP_FAILURE, MEMCACHED_ERRNO, MEMCACHED_WRITE_FAILURE,
            MEMCACHED_READ_FAILURE, MEMCACHED_SERVER_TEMPORARILY_DISABLED, MEMCACHED_SERVER_MARKED_DEAD,
            MEMCACHED_FAIL_UNIX_SOCKET, MEMCACHED_NO_SERVERS:
            return .disconnected(reason(code))
        case MEMCACHED_SOME_ERRORS, MEMCACHED_FAILURE:
            // These only say that there is a better reason.
            let noted = unsafe memcached_last_error(pointer)
            return [MEMCACHED_SOME_ERRORS, MEMCACHED_FAILURE, MEMCACHED_SUCCESS].contains(noted)
                ? .disconnected(reason(code)) : failure(noted)
        default:
            return .disorder(reason(code))
        }
    }

    /// The words of the operating system where there are any, otherwise those of libmemcached.
    private func reason(_ code: memcached_return_t) -> String {
        let number = unsafe memcached_last_error_errno(pointer)
        guard number != 0, let text = unsafe strerror(number) else { return Self.text(code) }
        return unsafe String(cString: text)
    }

    private static func text(_ code: memcached_return_t) -> String {
        guard let text = unsafe memcached_strerror(nil, code) else { return "libmemcached error \(code.rawValue)" }
        return unsafe String(cString: text)
    }
}
