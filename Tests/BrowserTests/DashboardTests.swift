import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard")
    struct DashboardTests {
        private static func open(_ system: TestCistern, in browser: Browser, _ rest: String = "") async throws -> Page {
            try await browser.open(system.poller.url + "/dashboard/" + rest)
        }

        /// The text of a cell, by the name of the application and the column's number.
        private static func cell(_ app: String, _ column: Int) -> String {
            "[...document.querySelectorAll('tbody tr')].find((row) => row.cells[0].innerText === '\(app)')?.cells[\(column)].innerText"
        }

        @Test("The table shows applications that are pushed to, with rate and size, and all is well")
        func pushes() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await Self.open(system, in: browser)
                    try await page.wait(for: "document.querySelector('#health').innerText === 'All is well'")
                    try await page.wait(
                        for: "document.querySelector('#note').innerText.startsWith('There is no application yet')")
                    let pushing = Task {
                        for number in 1... where !Task.isCancelled {
                            _ = try await system.push(#"{"n":\#(number)}"#, id: "writer~\(number)")
                        }
                    }
                    defer { pushing.cancel() }
                    try await page.wait(for: "parseFloat(\(Self.cell("board", 1))) > 0")
                    try await page.wait(for: "\(Self.cell("board", 4))?.endsWith(' B')")
                    try await page.wait(for: "document.querySelector('#plots .line').getAttribute('d').includes('L')")
                    #expect(try await page.value("document.querySelectorAll('.daemon.ready').length").integerValue == 2)
                    try await page.keepPictures("dashboard")
                }
            }
        }

        @Test("A daemon that is killed turns red, and is no alert any more once another one stands in its place")
        func killedDaemon() async throws {
            try await withCistern(.split) { system in
                try await withBrowser { browser in
                    let page = try await Self.open(system, in: browser)
                    try await page.wait(for: "document.querySelectorAll('.daemon.ready').length === 3")
                    system.merger.kill()
                    try await page.wait(
                        for: "document.querySelector('.daemon.silent .role')?.innerText === 'merge-daemon'")
                    let alert = "document.querySelector('#alerts li.bad')?.innerText ?? ''"
                    try await page.wait(for: "\(alert).includes('No merge daemon is at work')")
                    #expect(
                        try await page.value(
                            "getComputedStyle(document.querySelector('.daemon.silent'), '::before').backgroundColor !== getComputedStyle(document.querySelector('.daemon.ready'), '::before').backgroundColor"
                        ).boolValue == true)
                    try await page.keepPictures("dashboard-killed")
                    try await system.merger.launch()
                    try await page.wait(for: "document.querySelector('.daemon.silent.replaced') !== null")
                    try await page.wait(for: "document.querySelector('#health').innerText === 'All is well'")
                    // Who says goodbye is forgotten at once.
                    try await system.bucket.stop()
                    try await page.wait(
                        for:
                            "![...document.querySelectorAll('.daemon .role')].some((role) => role.innerText === 'change-bucket')"
                    )
                }
            }
        }

        @Test("One application: its state unfolds as a tree and follows, and its changes say what became of them")
        func oneApplication() async throws {
            try await withCistern { system in
                let markup = "<img src=x onerror=alert(1)>"
                #expect(
                    try await system.outcome(#"{"card":{"title":"\#(markup)","done":false}}"#, id: "c1") == "applied")
                #expect(
                    try await system.outcome(#"[{"op":"remove","path":"/b"}]"#, .patch, id: "c2") == "path-not-found")
                try await withBrowser { browser in
                    let page = try await Self.open(system, in: browser)
                    try await page.wait(for: "\(Self.cell("board", 0)) === 'board'")
                    // By the keyboard alone: to the first row, into the application, down the tree.
                    try await page.press(Key.escape)
                    try await page.press(Key.enter)
                    let rows = "[...document.querySelectorAll('[role=treeitem]')].map((row) => row.innerText)"
                    try await page.wait(for: "\(rows).length === 2")
                    try await page.run("document.querySelector('[role=treeitem]').focus()")
                    for key in [Key.down, Key.right] { try await page.press(key) }
                    try await page.wait(for: "\(rows).length === 4")
                    #expect(try await page.value("\(rows).at(-1)").stringValue == "title: \"\(markup)\"")
                    let outcomes =
                        "[...document.querySelectorAll('.changes li')].map((change) => change.querySelector('.outcome').innerText)"
                    // The log is trimmed by now, so this is what the snapshot remembers.
                    try await page.wait(for: "\(outcomes).join() === 'rejected,applied'")
                    #expect(
                        try await page.text("document.querySelector('.changes .reason a').href").map {
                            $0.hasSuffix("/problems/path-not-found")
                        } == true)
                    #expect(try await system.outcome(#"{"card":{"done":true}}"#, id: "c3") == "applied")
                    try await page.wait(for: "\(rows).includes('done: true')")
                    try await page.wait(for: "\(outcomes).length === 3")
                    try await page.keepPictures("dashboard-application")
                    try await page.press(Key.escape)
                    try await page.wait(
                        for:
                            "document.querySelector('#application').hidden && document.activeElement.matches('tbody tr')"
                    )
                }
            }
        }

        @Test("Nothing is asked while it pauses, and what is shown says how old it is")
        func pause() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await Self.open(system, in: browser)
                    try await page.wait(for: "document.querySelectorAll('.daemon.ready').length === 2")
                    try await page.run(
                        "window.asked = 0; const real = window.fetch; window.fetch = (...all) => { window.asked += 1; return real(...all); };"
                    )
                    try await page.press("p")
                    try await page.wait(for: "document.querySelector('#freshness').innerText.startsWith('Paused.')")
                    let before = try await page.value("window.asked").integerValue
                    // Longer than two refreshes would take.
                    try await page.wait(
                        for:
                            "parseFloat(document.querySelector('#freshness').innerText.match(/([0-9.]+) s old/)?.[1]) > 5"
                    )
                    #expect(try await page.value("window.asked").integerValue == before)
                    try await page.press("p")
                    try await page.wait(
                        for: "window.asked > \(before ?? 0) && document.querySelector('#freshness').innerText === ''")
                }
            }
        }
    }
}
