// What a client may see when it reads.

import SystemSupport

extension Check {
    /// A version says which bytes: from any server, at any time.
    static let oneVersionOneBytes = Check(promise: "a version names its bytes") { events, _ in
        struct Name: Hashable {
            let application: String
            let version: Token
        }
        var bytes: [Name: Int] = [:]
        var found: [(Int, String)] = []
        for (place, sight) in events.sights {
            let name = Name(application: sight.application, version: sight.version)
            if let other = bytes.updateValue(sight.digest, forKey: name), other != sight.digest {
                found.append(
                    (place, "\(sight.version) of \(sight.application) had other bytes (server \(sight.server))"))
            }
        }
        return found
    }

    /// No client that polls with the version it has is answered with an older one of the same epoch, nor with an epoch that it left.
    static let neverBack = Check(promise: "versions never go down") { events, _ in
        struct Reader: Hashable {
            let client: Int
            let application: String
        }
        struct Progress {
            var version: Token
            var left: Set<String> = []
        }
        var readers: [Reader: Progress] = [:]
        var found: [(Int, String)] = []
        for (place, event) in events.enumerated() {
            let reader: Reader
            let version: Token
            switch event {
            case .saw(let sight):
                guard let client = sight.client else { continue }
                reader = Reader(client: client, application: sight.application)
                version = sight.version
            case .unchanged(let client, let application, let had):
                reader = Reader(client: client, application: application)
                version = had
            case .sent, .acknowledged, .unknown, .strange, .outcome, .fault, .quiet, .settled, .unsettled, .operation,
                .told, .followed, .untold:
                continue
            }
            var progress = readers[reader] ?? Progress(version: version)
            let before = progress.version
            if before.epoch == version.epoch, version.number < before.number {
                found.append((place, "client \(reader.client) had \(before) and got \(version)"))
            }
            if before.epoch != version.epoch { progress.left.insert(before.epoch) }
            if progress.left.contains(version.epoch) {
                found.append((place, "client \(reader.client) was led back from \(before) to \(version)"))
            }
            progress.version = version
            readers[reader] = progress
        }
        return found
    }

    /// An answer to `at_least` is of that epoch and at or past that position. That the change is in it, `nothingLost` sees.
    static let ownReads = Check(promise: "own writes are read with at_least") { events, _ in
        events.sights.compactMap { place, sight in
            guard let least = sight.atLeast else { return nil }
            let isEnough = sight.position.epoch == least.epoch && sight.position.number >= least.number
            return isEnough ? nil : (place, "at_least=\(least) was answered at \(sight.position)")
        }
    }

    /// A state shows its own application only, and only what was sent to it.
    static let ownApplication = Check(promise: "an application's answer is its own") { events, _ in
        var sent: [String: Set<String>] = [:]
        var found: [(Int, String)] = []
        for event in events {
            if case .sent(let id, let application, _) = event { sent[application, default: []].insert(id) }
        }
        for (place, sight) in events.differentSights {
            if !sight.witness.app.allSatisfy({ $0 == sight.application }) {
                found.append((place, "\(sight.version) of \(sight.application) says it is \(sight.witness.app)"))
            }
            let strangers = Set(sight.witness.set).union(sight.witness.order).subtracting(sent[sight.application] ?? [])
            if !strangers.isEmpty {
                found.append((place, "\(sight.version) of \(sight.application) has \(strangers.sorted().prefix(5))"))
            }
        }
        return found
    }

    /// What no client should be answered.
    static let contract = Check(promise: "answers are those of the contract") { events, _ in
        events.enumerated().compactMap { place, event in
            if case .strange(let sentence) = event { (place, sentence) } else { nil }
        }
    }
}
