import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The client: networks and servers that fail")
    struct NetworkTests {
        /// The list's items, however they are ordered.
        private static func items(_ answer: Answer) -> [String] {
            answer.member("list")?.elements.compactMap(\.stringValue) ?? []
        }

        @Test("What was edited offline outlives the page, and arrives once and in order when the network is back")
        func offline() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let url = system.poller.url + "/"
                    let ada = try await browsers[0].open(url)
                    let bob = try await browsers[1].open(url)
                    for page in [ada, bob] { try await page.connect() }
                    try await ada.push(#"{"list":["before"]}"#)
                    for page in [ada, bob] {
                        try await page.wait(for: "board.state?.list.length === 1 && board.status.pending === 0")
                    }
                    try await ada.setOffline(true)
                    try await ada.wait(for: "board.status.phase === 'offline'")
                    try await ada.append((1...5).map { "ada \($0)" })
                    #expect(try await ada.value("board.state.list.length").integerValue == 6)
                    #expect(try await ada.value("board.status.pending").integerValue == 5)
                    #expect(try await ada.value("board.status.isDurable").boolValue == true)
                    try await bob.append(["bob 1", "bob 2"])
                    try await bob.waitUntilSettled()

                    // The page goes without a word, and there is no network to fetch it again.
                    try await ada.go(to: "about:blank")
                    try await ada.setOffline(false)
                    try await ada.go(to: url)
                    try await ada.connect()
                    // There before the server has said anything, or with it.
                    try await ada.waitUntilSettled()
                    let wanted = ["before", "bob 1", "bob 2"] + (1...5).map { "ada \($0)" }
                    for page in [ada, bob] { try await page.wait(for: "board.state.list.length === \(wanted.count)") }
                    #expect(Self.items(try await system.settled()) == wanted)
                    #expect(try await ada.shown() == bob.shown())
                    #expect(try await ada.value("rejected.length").integerValue == 0)
                }
            }
        }

        @Test(
            "What is pushed in a page's first moment is neither lost nor doubled, also if the page goes in the next",
            arguments: allWays)
        func firstMoment(way: String) async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let url = system.poller.url + "/"
                    let pages = [try await browser.open(url), try await browser.open(url)]
                    try await pages[0].connect(to: "board", only(way))
                    try await pages[0].push(#"{"list":[]}"#)
                    try await pages[0].waitUntilSettled()
                    var wanted: [String] = []
                    for round in 1...4 {
                        // Both tabs at the same time, without having looked who leads, at a database or at a server.
                        for (number, page) in pages.enumerated() {
                            try await page.reload()
                            let seen = try await page.run(
                                """
                                const { connect } = await import(new URL("/cistern.js", location.href));
                                window.board = connect({ url: location.origin, app: "board", ways: [args[0]] });
                                const pushed = args[1].map((value) => board.push([{ op: "add", path: "/list/-", value }]));
                                const seen = [board.status.version, board.state ?? null];
                                // The page may go when it is known that they are kept, which has no server in it.
                                await Promise.all(pushed.map(({ kept }) => kept));
                                return seen;
                                """, .string(way), .array((1...10).map { .string("\(round).\(number).\($0)") }))
                            #expect(seen.text == "[null,null]", "nothing was known yet")
                            wanted += (1...10).map { "\(round).\(number).\($0)" }
                        }
                    }
                    for page in pages { try await page.waitUntilSettled() }
                    let items = Self.items(try await system.settled())
                    #expect(items.sorted() == wanted.sorted(), "\(items.count) of \(wanted.count)")
                    for round in 1...4 {
                        for number in 0...1 {
                            let own = items.filter { $0.hasPrefix("\(round).\(number).") }
                            #expect(own == (1...10).map { "\(round).\(number).\($0)" }, "in their order")
                        }
                    }
                }
            }
        }

        @Test("A page that is reloaded while its changes are under way loses none and doubles none", arguments: allWays)
        func reloads(way: String) async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    try await page.connect(to: "board", only(way))
                    try await page.waitUntilLive()
                    try await page.push(#"{"list":[]}"#)
                    var wanted: [String] = []
                    for round in 1...4 {
                        let items = (1...25).map { "\(round).\($0)" }
                        try await page.append(items)
                        wanted += items
                        // Some are answered by now, some sent, and some are just being written down.
                        try await page.reload()
                        try await page.connect(to: "board", only(way))
                        try await page.waitUntilLive()
                    }
                    try await page.waitUntilSettled()
                    let items = Self.items(try await system.settled())
                    #expect(items == wanted, "\(items.count) of \(wanted.count)")
                    #expect(try await page.shown() == system.settled().json.text)
                }
            }
        }

        @Test("Where a way does not get through the next one takes its place")
        func lesserWays() async throws {
            try await withCistern { system in
                try await withGate(to: system.poller.port) { gate in
                    try await withBrowser { browser in
                        let cases: [(way: String, refuses: @Sendable (String) -> Bool)] = [
                            ("socket", { _ in false }), ("events", { $0.contains("upgrade: websocket") }),
                            ("long", { $0.contains("upgrade: websocket") || $0.contains("text/event-stream") }),
                            (
                                "short",
                                {
                                    $0.contains("upgrade: websocket") || $0.contains("text/event-stream")
                                        || $0.contains("wait=50")
                                }
                            ),
                        ]
                        let page = try await browser.open(gate.url + "/")
                        for (number, (way, refuses)) in cases.enumerated() {
                            gate.refuse { $0.contains("/v1/") && refuses($0) }
                            try await page.reload()
                            try await page.connect()
                            try await page.waitUntilLive(by: way)
                            try await page.push(#"{"n":\#(number)}"#)
                            try await page.wait(for: "outcomes.length === 1 && board.status.pending === 0")
                            _ = try await system.push(#"{"n":"other"}"#, id: "other-\(number)")
                            try await page.wait(for: "board.state.n === 'other'")
                            #expect(try await page.text("board.status.way") == way)
                        }
                    }
                }
            }
        }

        @Test("Servers that are killed and started again take nobody along", arguments: allWays)
        func restarts(way: String) async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    var pages: [Page] = []
                    for browser in browsers {
                        pages.append(try await browser.open(system.poller.url + "/"))
                        try await pages[pages.count - 1].connect(to: "board", only(way))
                    }
                    try await pages[0].push(#"{"list":[]}"#)
                    for page in pages { try await page.wait(for: "board.state?.list && board.status.pending === 0") }
                    var count = 0
                    func edit(_ word: String) async throws {
                        for (number, page) in pages.enumerated() {
                            try await page.append((1...3).map { "\(word) \(number).\($0)" })
                        }
                        count += 6
                    }
                    try await edit("before")
                    system.poller.kill()
                    try await edit("front is away")
                    try await system.poller.launch()
                    try await edit("front is back")
                    system.merger.kill()
                    try await edit("merger is away")
                    try await system.merger.launch()
                    for page in pages {
                        try await page.wait(
                            for: "board.state.list.length === \(count) && board.status.pending === 0",
                            within: .seconds(60))
                    }
                    let settled = try await system.settled()
                    let items = Self.items(settled)
                    #expect(items.count == count && Set(items).count == count, "\(items)")
                    for page in pages {
                        #expect(try await page.shown() == settled.json.text)
                        #expect(try await page.value("rejected.length").integerValue == 0)
                    }
                }
            }
        }

        @Test("A page of another origin reads from one server and pushes to another", arguments: allWays)
        func otherOrigins(way: String) async throws {
            let options = CisternOptions(layout: .split, pollers: 2, flags: ["--cors-origins", "*"])
            try await withCistern(options) { system in
                try await withBrowser { browser in
                    // Our own pages may only talk to the server that they are from; this stands for anybody's.
                    let page = try await browser.open("about:blank")
                    try await page.devTools("Page.setBypassCSP", [("enabled", .bool(true))])
                    try await page.go(to: system.pollers[1].url + "/")
                    try await page.connect(
                        to: "board",
                        .object([
                            ("url", .string(system.pollers[0].url)), ("pushURL", .string(system.bucket.url)),
                            ("ways", .array([.string(way)])),
                        ]))
                    try await page.push(#"{"n":1}"#, #"[{"op":"test","path":"/n","value":2}]"#, #"{"m":2}"#)
                    try await page.wait(for: "outcomes.length === 3 && board.status.pending === 0")
                    #expect(try await page.shown() == #"{"m":2,"n":1}"#)
                    #expect(try await page.value("rejected").text == #"["test-failed"]"#)
                    _ = try await system.push(#"{"n":3}"#, id: "other")
                    try await page.wait(for: "board.state.n === 3")
                    #expect(try await page.text("board.status.way") == way)
                }
            }
        }
    }
}
