// `cistern webhook` and `cistern listen` as processes, with a real courier.

import Documents
import Foundation
import Receivers
import SystemSupport
import TestSupport
import Testing
import Webhooks

@Suite("cistern webhook and cistern listen", .serialized, .timeLimit(.minutes(20)))
struct WebhookCommandTests {
    /// A `cistern listen` that has said where.
    private func listen(_ options: [String] = [], at place: CommandPlace) async throws -> (ChildProcess, url: String) {
        let process = try place.start(["listen"] + options)
        var url: String?
        try await eventually("it listens: \(process.printed)") {
            url = process.printed.firstMatch(of: #/Listening at (http://127\.0\.0\.1:\d+/)/#).map { String($0.1) }
            return url != nil || !process.isRunning
        }
        return (process, try #require(url, "\(process.printed)"))
    }

    private func isSigned(_ seen: Received, by secret: String?) throws -> Bool {
        let verifier = WebhookVerifier([try WebhookSecret(secret ?? "")])
        let now = Int64(Date.now.timeIntervalSince1970)
        return (try? verifier.verify(field: { seen[$0] }, body: seen.body, now: now)) != nil
    }

    @Test("listen shows what happens, refuses what is not signed, and takes its webhook with it when told to stop")
    func listening() async throws {
        try await withCommands(.couriers()) { place, system in
            let (process, url) = try await listen(["--app", "board*", "--fail", "1"], at: place)
            #expect(try await place.shell("cistern webhook list").contains(url))
            try await system.reject("c1")
            try await system.reject("c2", in: "garden")
            try await eventually(within: .seconds(30), "the second attempt is taken") {
                process.printed.contains("change.rejected  board  → 200  attempt 2")
            }
            #expect(process.printed.contains("change.rejected  board  → 503"))
            #expect(!process.printed.contains("garden"))
            // Somebody else's requests, and those of nobody.
            let printed = try await place.shell(
                """
                now=$(date +%s); old=$((now - 301))
                post() { curl -s -o /dev/null -w '%{http_code}\\n' \(url) -d '{}' "$@"; }
                post; post -H 'webhook-id: m' -H "webhook-timestamp: $now" -H 'webhook-signature: v1,AAAA'
                post -H 'webhook-id: m' -H "webhook-timestamp: $old" -H 'webhook-signature: v1,AAAA'
                curl -s -o /dev/null -w '%{http_code}\\n' \(url)
                head -c 2000000 /dev/zero | curl -s -o /dev/null -w '%{http_code}\\n' \(url) -H Expect: --data-binary @-
                """)
            #expect(printed.split(separator: "\n") == ["400", "401", "401", "405", "413"], "\(printed)")
            #expect(process.printed.contains("refused with 401  It was sent 30"), "\(process.printed)")
            process.end(with: SIGTERM)
            #expect(process.ending == "with status 0", "\(process.printed)")
            #expect(try await place.shell("cistern webhook list --json; echo status $?") == "status 0\n")
        }
    }

    @Test("Where webhooks may not come to this machine listen says so, and what to do")
    func forbidden() async throws {
        try await withCommands { place, _ in
            let printed = try await place.shell("cistern listen; echo status $?; cistern webhook list")
            #expect(printed.contains("Nothing is sent to 127.0.0.1") && printed.contains("--public-url"), "\(printed)")
            #expect(printed.contains("status 1") && printed.contains("There is no webhook"), "\(printed)")
        }
    }

    @Test("add shows the secret once, and it is the one that signs; the same id again is refused without --replace")
    func adding() async throws {
        try await withCommands(.couriers()) { place, system in
            try await withReceiver { receiver in
                let add = "cistern webhook add w1 \(receiver.url("/x")) --app board --type change.rejected"
                let printed = try await place.shell(
                    """
                    \(add) --header 'X-Team: blue' 2>notes >secret; echo status $?; cat notes
                    \(add); echo status $?; cistern webhook show w1; cistern webhook list
                    \(add) --rate 7 --replace; echo status $?; cistern webhook show w1 --json
                    cistern webhook add w2 http://10.0.0.7/ --type change.rejected; echo status $?
                    """)
                let lines = printed.split(separator: "\n")
                #expect(lines.first == "status 0" && printed.contains("not shown again"), "\(printed)")
                #expect(printed.contains("There is a webhook “w1” already.") && printed.contains("--replace"))
                #expect(
                    lines.filter { $0.wholeMatch(of: #/status \d/#) != nil } == [
                        "status 0", "status 1", "status 0", "status 1",
                    ])
                #expect(printed.contains(#""rate_limit":7"#) && printed.contains("its secret stays"), "\(printed)")
                #expect(printed.contains("[url-forbidden]") && printed.contains("--webhook-networks"), "\(printed)")
                #expect(!printed.contains("whsec_"), "\(printed)")
                try await system.reject("c1")
                try await eventually("it arrives") { receiver.received.count == 1 }
                let seen = try #require(receiver.received.first)
                #expect(try isSigned(seen, by: place.lines("secret").first))
                #expect(seen["X-Team"] == nil, "it was replaced")
            }
        }
    }

    @Test("test says what the endpoint answered, why it was not taken, and that the webhook is disabled")
    func testing() async throws {
        try await withCommands(.couriers()) { place, system in
            try await withReceiver { receiver in
                try await system.hook("w1", at: receiver.url("/x"))
                let good = try await place.shell("cistern webhook test w1; echo status $?")
                #expect(good.contains("“w1” answered 204 in ") && good.contains("status 0"), "\(good)")
                #expect(receiver.received.first?.type == "webhook.test")
                receiver.behave { _, _ in .answer(500) }
                let bad = try await place.shell(
                    "cistern webhook test w1 > id; echo status $?; cistern webhook attempts $(cat id)")
                #expect(bad.contains("did not take it: 500 in ") && bad.contains("status 1"), "\(bad)")
                #expect(bad.contains("webhook.test") && bad.contains("500 in "), "\(bad)")
                let off = try await place.shell(
                    "cistern webhook disable w1; cistern webhook test w1; echo status $?; cistern webhook enable w1")
                #expect(off.contains("status 1") && off.contains("cistern webhook enable w1"), "\(off)")
                #expect(off.hasSuffix("“w1” is enabled.\n"), "\(off)")
                let none = try await place.shell("cistern webhook test none; echo status $?")
                #expect(
                    none.contains("There is no webhook “none”.") && none.contains("cistern webhook list"), "\(none)")
            }
        }
    }

    @Test("Deliveries are listed with their last answer and next attempt; dead ones are sent once more, all or one")
    func replaying() async throws {
        try await withCommands(.couriers()) { place, system in
            try await withReceiver({ _, _ in .answer(500) }) { receiver in
                let add = "cistern webhook add"
                let types = "--type change.rejected"
                _ = try await place.shell(
                    "\(add) dies \(receiver.url("/a")) \(types) --retry none; \(add) waits \(receiver.url("/b")) \(types) --retry 3600"
                )
                for number in 1...3 { try await system.reject("c\(number)") }
                try await eventually("all were tried") {
                    let dead = try await system.statuses("dies")
                    let waiting = try await system.statuses("waits")
                    return dead == ["dead", "dead", "dead"] && waiting == ["retrying", "retrying", "retrying"]
                }
                let listed = try await place.shell(
                    "cistern webhook deliveries --limit 5; cistern webhook deliveries dies --status dead --since 1h --json; cistern webhook deliveries dies --until 1h"
                )
                let rows = listed.split(separator: "\n")
                #expect(
                    rows.count { $0.hasPrefix("msg_") } == 5 && listed.contains("There are more: raise --limit"),
                    "\(listed)")
                // Pauses are up to a fifth longer than was asked for.
                let waits = rows.filter { $0.contains("waits") && $0.contains("retrying") && $0.contains("500 in ") }
                #expect(waits.contains { $0.contains(#/in (59|6\d|7\d) min/#) }, "\(listed)")
                #expect(
                    rows.count { $0.contains(#""last_attempt":{"#) && $0.contains(#""status":500"#) } == 3, "\(listed)")
                #expect(listed.contains("There is no such delivery."), "\(listed)")
                // What is not over is not begun anew.
                let waiting = try await system.deliveries("webhook=waits")[0]["id"]?.stringValue ?? ""
                let early = try await place.shell("cistern webhook replay \(waiting); echo status $?")
                #expect(early.contains("[delivery-in-flight]") && early.contains("status 1"), "\(early)")
                receiver.behave { _, _ in .answer(200) }
                let one = try await system.deliveries("webhook=dies")[0]["id"]?.stringValue ?? ""
                #expect(try await place.shell("cistern webhook replay \(one)").contains("on its way to “dies” again"))
                try await eventually("it arrives") { try await system.statuses("dies").contains("succeeded") }
                let all = try await place.shell(
                    "cistern webhook replay --dead dies; cistern webhook replay --dead dies")
                #expect(all.contains("2 deliveries to “dies” on the way again."), "\(all)")
                try await eventually("all arrive") {
                    try await system.statuses("dies") == ["succeeded", "succeeded", "succeeded"]
                }
                #expect(Set(receiver.received(at: "/a").suffix(3).map(\.id)).count == 3)
            }
        }
    }

    @Test("What happened while a webhook was disabled is recovered; a new secret signs beside the old one")
    func recovering() async throws {
        try await withCommands(.couriers()) { place, system in
            try await withReceiver { receiver in
                _ = try await place.shell(
                    "cistern webhook add w1 \(receiver.url("/x")) --type change.rejected > secret; cistern webhook disable w1"
                )
                try await system.reject("c1")
                try await eventually("it is skipped") { try await system.statuses("w1") == ["skipped"] }
                let printed = try await place.shell(
                    """
                    cistern webhook enable w1; cistern webhook rotate w1 --grace 60 > new
                    cistern webhook recover w1 --since 5m --wait; echo status $?
                    cistern webhook recover w1 --since 30d; echo status $?
                    """)
                #expect(printed.contains(#""deliveries":1"#) && printed.contains("status 0"), "\(printed)")
                #expect(printed.contains("Events are kept for 14 days") && printed.contains("status 1"), "\(printed)")
                try await eventually("it arrives") { receiver.received.count == 1 }
                let seen = try #require(receiver.received.first)
                for name in ["secret", "new"] { #expect(try isSigned(seen, by: place.lines(name).first), "\(name)") }
                let removed = try await place.shell(
                    "cistern webhook remove w1 </dev/null; echo status $?; cistern webhook remove w1 --yes; cistern webhook list"
                )
                #expect(removed.contains("--yes") && removed.contains("status 64"), "\(removed)")
                #expect(removed.contains("“w1” is removed.") && removed.contains("There is no webhook."), "\(removed)")
            }
        }
    }

    /// Two scripts out of what the README says: one that listens for a moment, one with a webhook that stays.
    private func readmeScripts(_ place: CommandPlace) throws -> (String, String) {
        let port = Int.random(in: 20_000...32_000)
        let commands = try place.commands(ofReadme: "Webhooks").map { $0.replacing("9900", with: "\(port)") }
        let listen = commands.filter { $0.contains("cistern listen") }
        let push = commands.filter { $0.contains("cistern push") }
        let add = commands.filter { $0.contains("webhook add") }
        try #require(listen.count == 2 && push.count == 1 && add.count == 1, "\(commands)")
        let rest = commands.filter { !(listen + push + add).contains($0) }
        let ready = "until grep -q Listening notes; do sleep 0.05; done"
        return (
            """
            \(listen[0]) --count 1 >heard 2>notes & first=$!
            \(ready)
            \(push[0]); wait $first; echo "status $?"; cat heard; cistern webhook list
            """,
            """
            \(add[0])
            \(listen[1]) >heard 2>notes & second=$!
            \(ready)
            set -e
            \(rest.joined(separator: "\n"))
            set +e
            kill $second; wait $second; echo "status $?"; cat heard
            """
        )
    }

    @Test("What the README says of webhooks does what it says")
    func readme() async throws {
        try await withCommands(.couriers()) { place, _ in
            let scripts = try readmeScripts(place)
            let first = try await place.shell(scripts.0)
            #expect(first.contains("status 0") && first.contains("state.changed  board  → 200"), "\(first)")
            #expect(first.contains("There is no webhook."), "\(first)")
            let second = try await place.shell(scripts.1)
            #expect(second.contains("answered 200 in ") && second.contains("status 0"), "\(second)")
            #expect(second.contains("DELIVERY") && second.contains("ANSWER"), "\(second)")
            #expect(second.contains("on its way to “mine” again"), "\(second)")
            #expect(second.contains("repeat, was taken before"), "\(second)")
            #expect(second.contains("has no dead deliveries") && second.contains("“mine” is removed."), "\(second)")
        }
    }
}
