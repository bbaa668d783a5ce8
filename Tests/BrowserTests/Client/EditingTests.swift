import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The client: several who edit")
    struct EditingTests {
        @Test("Two users edit at the same time and agree, whichever way the states come", arguments: allWays)
        func agreement(way: String) async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await browsers[0].open(system.poller.url + "/")
                    let bob = try await browsers[1].open(system.poller.url + "/")
                    for page in [ada, bob] {
                        try await page.connect(to: "board", only(way))
                    }
                    try await ada.push(#"{"list":[],"n":0}"#)
                    for page in [ada, bob] {
                        try await page.wait(for: "board.state?.list && board.status.pending === 0")
                    }
                    async let adas: Void = ada.append((1...20).map { "ada \($0)" })
                    async let bobs: Void = bob.append((1...20).map { "bob \($0)" })
                    _ = try await (adas, bobs)
                    for page in [ada, bob] {
                        try await page.wait(for: "board.state.list.length === 40 && board.status.pending === 0")
                        #expect(try await page.text("board.status.way") == way)
                        #expect(try await page.value("outcomes.every((one) => one === 'applied')").boolValue == true)
                    }
                    let state = try await system.settled()
                    #expect(try await ada.shown() == state.json.text)
                    #expect(try await bob.shown() == state.json.text)
                    // Each user's changes are in the order in which they were made.
                    let list = state.member("list")?.elements.compactMap(\.stringValue) ?? []
                    for name in ["ada", "bob"] {
                        #expect(list.filter { $0.hasPrefix(name) } == (1...20).map { "\(name) \($0)" })
                    }
                }
            }
        }

        @Test("A change shows at once, and what comes to nothing is taken back with its reason")
        func rejection() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    try await page.connect()
                    try await page.push(#"{"n":1}"#)
                    try await page.waitUntilSettled()
                    system.merger.pause()
                    try await page.push(
                        #"{"n":2}"#, #"[{"op":"test","path":"/n","value":2},{"op":"add","path":"/m","value":1}]"#)
                    #expect(try await page.shown() == #"{"m":1,"n":2}"#)
                    _ = try await system.push(#"{"n":5}"#, id: "other")
                    system.merger.resume()
                    try await page.waitUntilSettled()
                    try await page.push(#"[{"op":"test","path":"/n","value":2}]"#)
                    try await page.wait(for: "outcomes.length === 4")
                    #expect(try await page.value("rejected").text == #"["test-failed"]"#)
                    #expect(try await page.shown() == #"{"m":1,"n":5}"#)
                }
            }
        }

        @Test("Who is here is seen by the others; who closes the window is gone")
        func presence() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await browsers[0].open(system.poller.url + "/")
                    let bob = try await browsers[1].open(system.poller.url + "/")
                    for page in [ada, bob] {
                        try await page.connect()
                        try await page.run("board.presence.subscribe((clients) => { window.clients = clients })")
                    }
                    try await ada.run("board.presence.set({ name: 'Ada' })")
                    try await bob.wait(for: "Object.values(clients ?? {}).some(({ value }) => value.name === 'Ada')")
                    try await ada.close()
                    try await bob.wait(for: "Object.values(clients).length === 0")
                }
            }
        }

        @Test("Pages without TLS have no locks and no storage of their own for tabs, and work all the same")
        func insecure() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    // Loopback counts as secure by its address, not by a name that leads there.
                    let page = try await browser.open("http://cistern.test:\(system.poller.port)/")
                    #expect(try await page.value("isSecureContext").boolValue == false)
                    try await page.connect()
                    try await page.push(#"{"n":1}"#)
                    try await page.waitUntilSettled()
                    #expect(try await page.shown() == #"{"n":1}"#)
                    #expect(try await page.value("board.status.isDurable").boolValue == false)
                }
            }
        }
    }
}
