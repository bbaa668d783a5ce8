// Whether the daemons are there, fit together, and have what they need.

enum DaemonRules {
    private static let subject = "daemons"
    /// Days before its end from which on a certificate is spoken of.
    private static let certificateSoon = 14
    private static let day = 86_400
    /// Share of the limit of connections.
    private static let crowded = 0.8

    /// - Parameter hasWebhooks: Nobody misses a courier where there is nothing to send.
    static func findings(_ daemons: [Facts.Daemon], hasWebhooks: Bool, now: Int) -> [Finding] {
        let alive = daemons.filter { !$0.isSilent }
        return presence(alive, hasWebhooks: hasWebhooks) + silent(daemons) + sameness(alive)
            + alive.flatMap { one($0, now: now) }
    }

    private static func presence(_ alive: [Facts.Daemon], hasWebhooks: Bool) -> [Finding] {
        var roles = [
            ("changes are taken in", ["change-bucket", "cistern-front"], "change-bucket or cistern-front"),
            ("changes are merged", ["merge-daemon"], "merge-daemon"),
            ("states are served", ["state-poll", "cistern-front"], "state-poll or cistern-front"),
        ]
        if hasWebhooks { roles.append(("webhooks are sent", ["courier"], "courier")) }
        return roles.map { work, names, program in
            let count = alive.count { names.contains($0.role) }
            switch count {
            case 0: return .wrong(subject, "No daemon by which \(work).", "Start \(program).")
            case 1:
                return .note(
                    subject, "One daemon by which \(work): while it is away, nobody does.", "Run two of \(program).")
            default: return .ok(subject, "\(count) daemons by which \(work).")
            }
        }
    }

    private static func silent(_ daemons: [Facts.Daemon]) -> [Finding] {
        daemons.filter(\.isSilent).map {
            .warning(
                $0.title,
                "It has said nothing for \(Wording.decimal($0.age, places: 0)) s: it was killed, hangs, or does not reach Redis.",
                "Look at its log and at “systemctl status”. A name is forgotten after ten minutes.")
        }
    }

    private static func sameness(_ alive: [Facts.Daemon]) -> [Finding] {
        var findings: [Finding] = []
        let versions = Set(alive.map(\.version)).sorted()
        if versions.count > 1 {
            findings.append(
                .warning(
                    subject, "They are of releases \(versions.joined(separator: ", ")).",
                    "Harmless while an upgrade is under way; end it."))
        }
        let folds = Set(alive.compactMap(\.foldVersion)).sorted()
        if folds.count > 1 {
            let list = folds.map(String.init).joined(separator: " and ")
            findings.append(
                .warning(
                    subject,
                    "They fold by versions \(list). The older ones do no work in partitions that a newer one has taken.",
                    "End the upgrade: state-polls first, then merge-daemons, then the rest."))
        }
        return findings
    }

    private static func one(_ daemon: Facts.Daemon, now: Int) -> [Finding] {
        var findings: [Finding] = []
        if !daemon.isReady {
            let reasons = daemon.reasons.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
            findings.append(
                .wrong(daemon.title, "It cannot do its work. \(reasons.joined(separator: " "))", "Mend what it names."))
        }
        if let files = daemon.openFiles, let limit = daemon.connectionLimit, files < limit {
            findings.append(
                .warning(
                    daemon.title,
                    "It may open \(Wording.count(files)) sockets and take \(Wording.count(limit)) connections.",
                    "Raise LimitNOFILE in its unit, or lower --max-connections."))
        }
        if let limit = daemon.connectionLimit, Double(daemon.connections) >= Double(limit) * crowded {
            findings.append(
                .warning(
                    daemon.title,
                    "\(Wording.count(daemon.connections)) of \(Wording.count(limit)) connections: beyond that, clients wait.",
                    "Raise --max-connections, or run another one."))
        }
        // They take in nothing from anybody.
        if !["merge-daemon", "courier"].contains(daemon.role) { findings += trust(daemon, now: now) }
        return findings.isEmpty ? [.ok(daemon.title, "Release \(daemon.version), ready.")] : findings
    }

    private static func trust(_ daemon: Facts.Daemon, now: Int) -> [Finding] {
        var findings: [Finding] = []
        if !daemon.hasKeys, !daemon.isLocal {
            findings.append(
                .warning(
                    daemon.title,
                    "It listens beyond this machine and has no keys: whoever reaches it may do everything.",
                    "Make keys with “cistern token” and name their file with --keys."))
        }
        if let end = daemon.certificateEnd {
            let days = (end - now) / day
            if end <= now {
                findings.append(
                    .wrong(
                        daemon.title, "Its certificate has ended: clients refuse it.",
                        "Replace the file; it is read again by itself."))
            } else if days < certificateSoon {
                findings.append(
                    .warning(
                        daemon.title, "Its certificate ends in \(Wording.plural(days, "day")).",
                        "Replace the file; it is read again by itself."))
            }
        }
        return findings
    }
}
