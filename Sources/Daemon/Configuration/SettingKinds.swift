// The kinds of values: numbers, sizes, times, names, addresses. Each says in its error what it takes.

import HTTPService
import Logging
import Memcached
import RateLimits
import Redis

extension SettingKind<Int> {
    package static func count(_ range: ClosedRange<Int>, of things: String = "N") -> SettingKind {
        SettingKind(placeholder: things) { text throws(SettingProblem) in
            guard let number = Int(text), range.contains(number) else {
                throw SettingProblem("It takes a whole number from \(range.lowerBound) to \(range.upperBound).")
            }
            return number
        } write: {
            String($0)
        }
    }

    /// Bytes: `65536`, `64KiB`, `4MiB`, `1GiB`.
    package static func bytes(_ range: ClosedRange<Int>) -> SettingKind {
        SettingKind(placeholder: "SIZE") { text throws(SettingProblem) in
            guard let size = SizeNotation.read(text), range.contains(size) else {
                let (least, most) = (SizeNotation.write(range.lowerBound), SizeNotation.write(range.upperBound))
                throw SettingProblem(
                    "It takes a size from \(least) to \(most), in bytes or with KiB, MiB or GiB behind it.")
            }
            return size
        } write: {
            SizeNotation.write($0)
        }
    }
}

extension SettingKind<Int?> {
    /// A bound that there is only if it is given.
    package static func limit(_ range: ClosedRange<Int>) -> SettingKind {
        let count = SettingKind<Int>.count(range)
        return SettingKind(placeholder: count.placeholder) { text throws(SettingProblem) in
            try count.read(text)
        } write: {
            $0.map(count.write) ?? ""
        }
    }
}

extension SettingKind<RateLimit?> {
    /// So many in a time, and so many at once: `50/s`, which is `50/s:50`, or `50/s:200`. There is no limit unless it is given.
    static var rate: SettingKind {
        SettingKind(placeholder: "RATE") { text throws(SettingProblem) in
            guard let rate = RateNotation.read(text) else {
                throw SettingProblem(
                    "It takes a number by second, minute or hour, as 50/s, 600/m or 20/h, and, behind a colon, how many may come at once: 50/s:200. Both are from 1 to \(RateLimit.mostUnits)."
                )
            }
            return rate
        } write: { _ in
            ""
        }
    }
}

extension SettingKind<Duration> {
    /// A time: `250ms`, `1s`, `5m`, `24h`, `30d`.
    package static func time(_ range: ClosedRange<Duration>) -> SettingKind {
        SettingKind(placeholder: "TIME") { text throws(SettingProblem) in
            guard let time = TimeNotation.read(text), range.contains(time) else {
                let (least, most) = (TimeNotation.write(range.lowerBound), TimeNotation.write(range.upperBound))
                throw SettingProblem("It takes a time from \(least) to \(most), as 250ms, 1s, 5m, 24h or 30d.")
            }
            return time
        } write: {
            TimeNotation.write($0)
        }
    }
}

extension SettingKind<Duration?> {
    /// A time; absent unless given.
    package static func optionalTime(_ range: ClosedRange<Duration>) -> SettingKind {
        let time = SettingKind<Duration>.time(range)
        return SettingKind(placeholder: time.placeholder) { text throws(SettingProblem) in
            try time.read(text)
        } write: {
            $0.map(time.write) ?? ""
        }
    }
}

extension SettingKind<Bool> {
    /// A flag without a value; as an environment variable `true` or `false`.
    package static var yesOrNo: SettingKind {
        SettingKind(placeholder: "", read: boolean) { $0 ? "true" : "false" }
    }

    /// A flag with a value, for what is on unless somebody says no.
    package static var choice: SettingKind {
        SettingKind(placeholder: "yes|no", read: boolean) { $0 ? "yes" : "no" }
    }

    private static func boolean(_ text: String) throws(SettingProblem) -> Bool {
        switch text.lowercased() {
        case "true", "yes", "1": return true
        case "false", "no", "0": return false
        default: throw SettingProblem("It takes true or false.")
        }
    }
}

extension SettingKind<String> {
    package static func text(_ placeholder: String) -> SettingKind {
        SettingKind(placeholder: placeholder) { text throws(SettingProblem) in
            guard !text.isEmpty, text.unicodeScalars.allSatisfy({ $0.value > 0x20 && $0.value != 0x7F }) else {
                throw SettingProblem("It takes a text without blanks.")
            }
            return text
        } write: {
            $0
        }
    }
}

extension SettingKind<String?> {
    /// The path of a file; absent unless given.
    package static var file: SettingKind {
        SettingKind(placeholder: "FILE") { text throws(SettingProblem) in
            guard !text.utf8.contains(0) else { throw SettingProblem("It takes the path of a file.") }
            return text
        } write: {
            $0 ?? ""
        }
    }

    /// The path of a unix socket; absent unless given.
    package static var socketPath: SettingKind {
        SettingKind(placeholder: "PATH") { text throws(SettingProblem) in
            guard text.hasPrefix("/"), text.utf8.count <= RedisAddress.socketPathLimit else {
                throw SettingProblem("It takes an absolute path of at most \(RedisAddress.socketPathLimit) bytes.")
            }
            return text
        } write: {
            $0 ?? ""
        }
    }
}

extension SettingKind<PublicURL?> {
    /// Where browsers reach a server; absent unless given.
    static var publicURL: SettingKind {
        SettingKind(placeholder: "URL") { text throws(SettingProblem) in
            guard let url = PublicURL(text) else {
                throw SettingProblem(
                    "It takes an http or https URL without query, such as https://push.example.org or http://127.0.0.1:8081."
                )
            }
            return url
        } write: {
            $0?.text ?? ""
        }
    }
}

extension SettingKind<[String]> {
    /// Origins as browsers send them, divided by commas.
    package static var origins: SettingKind {
        SettingKind(placeholder: "ORIGIN,…") { text throws(SettingProblem) in
            let origins = text.split(separator: ",").map(String.init)
            guard origins.allSatisfy(isOrigin) else {
                throw SettingProblem(
                    "It takes origins such as https://app.example.org or http://localhost:5173, divided by commas, or *."
                )
            }
            return origins
        } write: {
            $0.joined(separator: ",")
        }
    }

    /// `scheme://host[:port]` in lower case without a path, which is how the Origin field has it (RFC 6454 §6.1).
    private static func isOrigin(_ text: String) -> Bool {
        if text == "*" { return true }
        guard let mark = text.firstRange(of: "://") else { return false }
        let (scheme, authority) = (text[..<mark.lowerBound], text[mark.upperBound...])
        return !scheme.isEmpty && !authority.isEmpty && text == text.lowercased()
            && !authority.contains { "/?#@ ".contains($0) }
    }
}

extension SettingKind<Logger.Level> {
    static var logLevel: SettingKind {
        SettingKind(placeholder: "LEVEL") { text throws(SettingProblem) in
            guard let level = Logger.Level(rawValue: text.lowercased()) else {
                throw SettingProblem("It takes \(Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
            }
            return level
        } write: {
            $0.rawValue
        }
    }
}

extension SettingKind<RedisAddress> {
    static var redisAddress: SettingKind {
        SettingKind(placeholder: "URL") { text throws(SettingProblem) in
            do throws(RedisAddressError) { return try RedisAddress(text) } catch {
                throw SettingProblem(error.description)
            }
        } write: {
            "\($0)"
        }
    }
}

extension SettingKind<[MemcachedAddress]> {
    static var memcachedAddresses: SettingKind {
        SettingKind(placeholder: "URL,…") { text throws(SettingProblem) in
            do throws(MemcachedAddressError) { return try MemcachedAddress.list(text) } catch {
                throw SettingProblem(error.description)
            }
        } write: {
            $0.map(\.description).joined(separator: ",")
        }
    }
}
