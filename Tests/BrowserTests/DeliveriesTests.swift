import Documents
import Receivers
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("Webhooks in the dashboard")
    struct DeliveriesTests {
        private static func hook(_ id: String, at url: String, pauses: String, in system: TestCistern) async throws {
            let body =
                #"{"url":"\#(url)","apps":["*"],"event_types":["change.rejected"],"retry":{"pauses_s":\#(pauses)}}"#
            let answer = try await system.send(
                "PUT", "/v1/webhooks/\(id)", headers: [("Content-Type", "application/json")], body: Array(body.utf8),
                to: system.bucket)
            guard answer.status == 201 else { throw TestSupportError("\(id): \(answer.refusal)") }
        }

        private static func post(_ path: String, in system: TestCistern) async throws {
            _ = try await system.send("POST", "/v1/\(path)", headers: [], body: nil, to: system.bucket)
        }

        private static let rows = "[...document.querySelectorAll('li.delivery')]"
        private static let statuses = "\(rows).map((row) => row.querySelector('.outcome').innerText).join()"

        @Test("Deliveries stand with their last answers; attempts unfold; a replay says what came of it, also why not")
        func replaying() async throws {
            try await withCistern(CisternOptions(couriers: 1)) { system in
                let receiver = Receiver { _, _ in .answer(500) }
                try await receiver.start()
                try await Self.hook("billing", at: receiver.url("/b"), pauses: "[]", in: system)
                try await Self.hook("audit", at: receiver.url("/a"), pauses: "[3600]", in: system)
                for id in ["c1", "c2"] {
                    _ = try await system.push(#"[{"op":"remove","path":"/nowhere"}]"#, .patch, id: id)
                }
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/dashboard/")
                    let cards = "[...document.querySelectorAll('#webhooks li')].map((card) => card.innerText)"
                    try await page.wait(
                        for: "\(cards).length === 2 && \(cards).every((text) => text.includes('failing'))",
                        within: .seconds(40))
                    try await page.keepPictures("dashboard-webhooks")
                    try await page.run(
                        "[...document.querySelectorAll('#webhooks li a')].find((link) => link.innerText === 'billing').click()"
                    )
                    try await page.wait(for: "\(Self.statuses) === 'dead,dead'")
                    #expect(
                        try await page.value("\(Self.rows)[0].innerText.includes('answered 500')").boolValue == true)
                    #expect(
                        try await page.value(
                            "document.querySelector('#deliveries dl').innerText.includes('\(receiver.url("/b"))')"
                        ).boolValue == true)
                    // Its attempts, when somebody asks.
                    try await page.click("li.delivery .outcome")
                    let attempts = "\(Self.rows)[0].querySelector('.attempts').innerText"
                    try await page.wait(
                        for:
                            "\(attempts).includes('1.') && \(attempts).includes('answered 500') && \(attempts).includes(' ms')"
                    )
                    try await page.keepPictures("dashboard-deliveries")
                    // Once more, while it is refused for a reason.
                    try await Self.post("webhooks/billing:disable", in: system)
                    try await page.click("li.delivery .replay")
                    let told = "\(Self.rows)[0].querySelector('.told').innerText"
                    try await page.wait(
                        for: "\(told) === 'It was not sent again. The webhook “billing” is disabled: enable it first.'")
                    try await Self.post("webhooks/billing:enable", in: system)
                    receiver.behave { _, _ in .answer(204) }
                    try await page.click("li.delivery .replay")
                    try await page.wait(for: "\(told) === 'It is on its way again.'")
                    try await page.wait(for: "\(Self.statuses) === 'succeeded,dead'")
                    #expect(receiver.received(at: "/b").count == 3)
                    // Only those that stand so; and a test from here.
                    try await page.run(
                        "const filter = document.querySelector('#deliveries select'); filter.value = 'dead'; filter.dispatchEvent(new Event('change'))"
                    )
                    try await page.wait(for: "\(Self.statuses) === 'dead'")
                    try await page.run(
                        "const filter = document.querySelector('#deliveries select'); filter.value = ''; filter.dispatchEvent(new Event('change'))"
                    )
                    try await page.click("#deliveries .test")
                    try await page.wait(
                        for:
                            "\(Self.rows).some((row) => row.innerText.includes('webhook.test') && row.innerText.includes('answered 204'))"
                    )
                    // All of them, and back.
                    try await page.press(Key.escape)
                    try await page.wait(for: "!document.querySelector('#overview').hidden")
                    try await page.run("location.hash = '#/webhooks/'")
                    try await page.wait(for: "\(Self.rows).some((row) => row.innerText.includes('→ audit'))")
                    try await page.keepPictures("dashboard-all-deliveries")
                }
                await receiver.stop()
            }
        }

        @Test("A server that has no webhooks, and one that has none to tell of, look as before")
        func none() async throws {
            try await withCistern(.split) { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/dashboard/")
                    try await page.wait(for: "document.querySelector('#health').innerText === 'All is well'")
                    #expect(try await page.value("document.querySelector('#webhooks').hidden").boolValue == true)
                    try await page.run("location.hash = '#/webhooks/none'")
                    try await page.wait(
                        for:
                            "document.querySelector('#deliveries .empty').innerText.length > 10 && document.querySelector('#deliveries .empty').innerText !== 'Looking…'"
                    )
                    #expect(try await page.text("document.querySelector('#freshness').innerText") == "")
                }
            }
        }
    }
}
