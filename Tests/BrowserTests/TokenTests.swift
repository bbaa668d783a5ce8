import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("Pages of servers that ask for tokens")
    struct TokenTests {
        @Test(
            "A page asks for a token when it is refused, is well with one that is believed, and keeps it for its tab",
            arguments: [
                ("dashboard/", "document.querySelector('#health').innerText === 'All is well'"),
                ("demo/#tokens", "document.querySelector('#phase').innerText === 'Live by WebSocket'"),
            ])
        func asking(path: String, isWell: String) async throws {
            try await withKeys { system, keyring in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/" + path)
                    let words = "document.querySelector('dialog.token p')?.innerText"
                    try await page.wait(for: "\(words)?.includes('has no token')")
                    try await page.type("nonsense", into: "dialog.token input")
                    try await page.click("dialog.token button")
                    try await page.wait(for: "\(words)?.includes('malformed')")
                    try await page.type(keyring.apiKey, into: "dialog.token input")
                    try await page.press(Key.enter)
                    try await page.wait(for: isWell)
                    try await page.reload()
                    try await page.wait(for: isWell)
                    #expect(try await page.value("document.querySelector('dialog.token') === null").boolValue == true)
                    // Another tab is another visitor.
                    let other = try await browser.open(system.poller.url + "/" + path)
                    try await other.wait(for: "\(words)?.includes('has no token')")
                }
            }
        }

        @Test("What a token is not enough for is said in the words of the server")
        func forbidden() async throws {
            try await withKeys { system, keyring in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/dashboard/")
                    try await page.wait(for: "document.querySelector('dialog.token') !== null")
                    try await page.type(try keyring.token("poll:*"), into: "dialog.token input")
                    try await page.press(Key.enter)
                    try await page.wait(
                        for: "document.querySelector('dialog.token p')?.innerText.includes('does not allow admin')")
                }
            }
        }
    }
}
