import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The client: many tabs of one browser")
    struct TabTests {
        @Test("Tabs share one connection and one name; when the one that leads is closed, the others go on")
        func oneConnection() async throws {
            try await withCistern { system in
                try await withGate(to: system.poller.port) { gate in
                    try await withBrowser { browser in
                        var tabs: [Page] = []
                        for _ in 0..<3 {
                            let tab = try await browser.open(gate.url + "/")
                            try await tab.connect()
                            try await tab.waitUntilLive()
                            tabs.append(tab)
                        }
                        #expect(gate.handshakes == 1)
                        try await tabs[2].push(#"{"list":[]}"#)
                        try await tabs[2].wait(for: "outcomes.length === 1")
                        for (number, tab) in tabs.enumerated() {
                            try await tab.append((1...5).map { "\(number).\($0)" })
                        }
                        for tab in tabs {
                            try await tab.wait(for: "board.state.list.length === 15 && board.status.pending === 0")
                            try await tab.wait(for: "outcomes.length >= 5")
                        }
                        #expect(gate.handshakes == 1)

                        // The first one leads, and goes while changes of all are under way.
                        for (number, tab) in tabs.enumerated() {
                            try await tab.append((6...9).map { "\(number).\($0)" })
                        }
                        try await tabs[0].close()
                        tabs.removeFirst()
                        for tab in tabs {
                            try await tab.wait(for: "board.state.list.length === 27 && board.status.pending === 0")
                            try await tab.waitUntilLive(by: "socket")
                            try await tab.wait(for: "outcomes.length >= 9")
                        }
                        #expect(gate.handshakes == 2)
                        let items = try await system.settled().member("list")?.elements.compactMap(\.stringValue) ?? []
                        #expect(items.count == 27 && Set(items).count == 27, "\(items)")
                        // The store has a record of each name that numbers its changes.
                        let names = try system.redis.command("KEYS", "*:client:board:*")
                        #expect(names.split(separator: "\n").count == 1, "\(names)")

                        // Reloaded, the one that leads now gives that up, and is given the state by the next.
                        try await tabs[0].reload()
                        try await tabs[0].connect()
                        for tab in tabs {
                            try await tab.waitUntilLive()
                            #expect(try await tab.value("board.state.list.length").integerValue == 27)
                        }
                        #expect(gate.handshakes == 3)
                    }
                }
            }
        }

        /// Two of them, the first of which leads.
        private static func liveTabs(_ browser: Browser, at url: String) async throws -> [Page] {
            var tabs: [Page] = []
            for _ in 0..<2 {
                let tab = try await browser.open(url + "/")
                try await tab.connect()
                try await tab.waitUntilLive()
                tabs.append(tab)
            }
            return tabs
        }

        @Test("A tab that does not lead is told of its rejections, also of those by the name of a tab that is gone")
        func rejections() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let tabs = try await Self.liveTabs(browser, at: system.poller.url)
                    try await tabs[1].push(#"{"n":1}"#, #"[{"op":"test","path":"/n","value":2}]"#)
                    try await tabs[1].wait(for: "outcomes.length === 2")
                    #expect(try await tabs[1].value("outcomes").text == #"["applied","rejected"]"#)
                    system.merger.pause()
                    try await tabs[0].push(#"[{"op":"test","path":"/n","value":3}]"#)
                    try await tabs[1].wait(for: "board.status.pending === 1")
                    try await tabs[0].close()
                    system.merger.resume()
                    try await tabs[1].waitUntilSettled()
                    try await tabs[1].wait(for: "rejected.length === 2")
                }
            }
        }

        @Test("A database that another page keeps from opening keeps nobody waiting for ever")
        func blockedDatabase() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let url = system.poller.url + "/"
                    let (rude, page) = (try await browser.open(url), try await browser.open(url))
                    // To be deleted when this page lets go of it, which it does not: until then nobody else can open it.
                    try await rude.run(
                        """
                        const name = `cistern ${location.origin} board`;
                        const opening = indexedDB.open(name);
                        await new Promise((resolve) => (opening.onsuccess = resolve));
                        window.held = opening.result;
                        const deletion = indexedDB.deleteDatabase(name);
                        await new Promise((resolve) => (deletion.onblocked = resolve));
                        """)
                    try await page.connect()
                    try await page.push(#"{"n":1}"#)
                    #expect(try await page.value("board.status.isDurable").boolValue == true, "not known yet")
                    try await page.wait(for: "outcomes.length === 1", within: .seconds(60))
                    try await page.waitUntilSettled()
                    #expect(try await page.value("board.status.isDurable").boolValue == false)
                    #expect(try await system.settled().json.text == #"{"n":1}"#)
                    // Nobody waits for what this client has opened too late.
                    try await rude.run("held.close()")
                    try await page.run(
                        """
                        const deletion = indexedDB.deleteDatabase(`cistern ${location.origin} board`);
                        await new Promise((resolve) => (deletion.onsuccess = resolve));
                        """)
                }
            }
        }

        @Test("Offline, every tab shows what the others change")
        func offline() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let tabs = try await Self.liveTabs(browser, at: system.poller.url)
                    for tab in tabs { try await tab.setOffline(true) }
                    for tab in tabs { try await tab.wait(for: "board.status.phase === 'offline'") }
                    try await tabs[0].push(#"{"a":1}"#)
                    try await tabs[1].push(#"{"b":2}"#)
                    for tab in tabs {
                        try await tab.wait(for: "board.state?.a === 1 && board.state.b === 2")
                        #expect(try await tab.value("board.status.pending").integerValue == 2)
                    }
                    for tab in tabs { try await tab.setOffline(false) }
                    for tab in tabs { try await tab.waitUntilSettled() }
                    #expect(try await system.settled().json.text == #"{"a":1,"b":2}"#)
                }
            }
        }
    }
}
