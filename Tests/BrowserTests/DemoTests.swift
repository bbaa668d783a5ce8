import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The demo")
    struct DemoTests {
        @Test("Two people tick, write, move and add at the same time, and see the same board with all of it")
        func concurrentEdits() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await DemoBoard.open(in: browsers[0], of: system)
                    let bob = try await DemoBoard.open(in: browsers[1], of: system)
                    // What both do without hearing of each other is as concurrent as it gets.
                    for board in [ada, bob] { try await board.goOffline(true) }
                    try await ada.write("Written by Ada", into: "first1")
                    try await ada.tick("first2")
                    try await ada.drag("first4", onto: "first6")
                    try await ada.add("Added by Ada", to: "doing")
                    try await bob.tick("first1")
                    try await bob.drag("first3", onto: "first6")
                    try await bob.add("Added by Bob", to: "doing")
                    #expect(try await bob.line("first1") != ada.line("first1"))
                    for board in [ada, bob] { try await board.goOffline(false) }

                    for board in [ada, bob] { try await board.settled() }
                    try await eventually("both see the same") { try await ada.cards() == bob.cards() }
                    let lines = try await ada.cards()
                    for line in ["ideas ✓Written by Ada", "doing Added by Ada", "doing Added by Bob"] {
                        #expect(lines.count { $0 == line } == 1, "\(line) in \(lines)")
                    }
                    #expect(try await ada.line("first2")?.contains("✓") == true)
                    for moved in ["first3", "first4"] {
                        #expect(try await ada.line(moved)?.hasPrefix("done ") == true, "\(moved) in \(lines)")
                    }
                    #expect(lines.count == 8)
                }
            }
        }

        @Test("What one does shows to the other at once: names, cursors, cards in the hand, by mouse and by keyboard")
        func liveTogether() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await DemoBoard.open(in: browsers[0], of: system)
                    let bob = try await DemoBoard.open(in: browsers[1], of: system)
                    try await ada.page.run(
                        """
                        const field = document.querySelector(".own-name");
                        field.value = "Ada";
                        field.dispatchEvent(new Event("change"));
                        """)
                    try await bob.page.wait(for: "document.querySelector('.others [aria-label=Ada]')")
                    try await ada.drag("first1", onto: "first4")
                    try await bob.wait(for: "Ada", in: ".cursor .name")
                    try await eventually("the card is where Ada dropped it") {
                        try await bob.line("first1")?.hasPrefix("doing ") == true
                    }

                    try await ada.focus("first2")
                    try await ada.page.press(Key.space + Key.right)
                    try await bob.page.wait(for: "document.querySelector('[data-id=first2].taken')")
                    try await eventually("it is shown where Ada holds it") {
                        try await bob.line("first2")?.hasPrefix("doing ") == true
                    }
                    try await ada.page.press(Key.escape)
                    try await eventually("it is back") { try await bob.line("first2")?.hasPrefix("ideas ") == true }
                    try await ada.page.press(Key.space + Key.right + Key.right + Key.space + "t")
                    try await eventually("it was carried to the end and ticked") {
                        try await bob.line("first2")?.hasPrefix("done ✓") == true
                    }
                    try await ada.undo()
                    try await ada.undo()
                    try await eventually("both was taken back") {
                        try await bob.line("first2")?.hasPrefix("ideas D") == true
                    }
                }
            }
        }

        @Test("Changes of an offline window outlive its reload, and come to all others once")
        func offlineAndReloaded() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    // Two windows of one browser are two people here.
                    let ada = try await DemoBoard.open(in: browser, of: system)
                    let bob = try await DemoBoard.open(in: browser, of: system)
                    try await ada.goOffline(true)
                    try await ada.add("Written offline", to: "ideas")
                    try await ada.tick("first1")
                    try await ada.drag("first2", onto: "first6")
                    try await bob.tick("first5")
                    let before = try await ada.cards()

                    try await ada.page.reload()
                    try await ada.page.wait(for: "document.querySelectorAll('.card').length === 7")
                    #expect(try await ada.cards() == before, "what was seen before is seen again")
                    #expect(try await bob.cards().count == 6, "nothing was sent")
                    try await ada.goOffline(false)
                    try await ada.settled()
                    try await eventually("both see the same") { try await ada.cards() == bob.cards() }
                    let lines = try await bob.cards()
                    #expect(lines.count { $0 == "ideas Written offline" } == 1, "\(lines)")
                    #expect(lines.count == 7, "\(lines)")
                    for ticked in ["first1", "first5"] { #expect(try await bob.line(ticked)?.contains("✓") == true) }
                    #expect(try await bob.line("first2")?.hasPrefix("done ") == true)
                }
            }
        }

        @Test("A window that is closed leaves what it has not sent to the next one")
        func closedOffline() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let ada = try await DemoBoard.open(in: browser, of: system)
                    try await ada.goOffline(true)
                    try await ada.tick("first1")
                    try await ada.wait(for: "Offline, 1 to send", in: "#phase")
                    try await ada.page.close()
                    let next = try await DemoBoard.open(in: browser, of: system)
                    try await eventually("it was sent") { try await next.line("first1")?.contains("✓") == true }
                    try await next.settled()
                }
            }
        }

        @Test("The panel shows the circle at work, by every way of delivery, and why a change was rejected")
        func panel() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let board = try await DemoBoard.open(in: browser, of: system)
                    let ways: KeyValuePairs = [
                        "events": "events", "long": "long polls", "short": "polls", "socket": "WebSocket",
                    ]
                    for (way, name) in ways {
                        try await board.page.run("document.querySelector(`[value=${args[0]}]`).click()", .string(way))
                        try await board.wait(for: "Live by \(name)", in: "#phase")
                        try await eventually("the state came by \(way)") { try await board.figure("version") != "–" }
                        let position = try await board.figure("position")
                        try await board.tick("first1")
                        try await eventually("the position goes on") {
                            try await board.figure("position") != position
                        }
                        try await board.settled()
                        #expect(try await board.cards().count == 6, "\(way)")
                    }
                    let outputs = try await board.page.value(
                        "[...document.querySelectorAll('.figure output')].map((one) => one.value)")
                    #expect(outputs[0]?.stringValue?.hasSuffix(" ms") == true, "\(outputs.text)")
                    #expect(outputs[1]?.stringValue?.hasSuffix(" B") == true, "\(outputs.text)")
                    let bars = try await board.page.value("document.querySelector('.plot').children.length")
                    #expect(bars.integerValue ?? 0 >= ways.count)
                    #expect(try await board.figure("epoch").count >= 8)

                    try await board.page.click(".rejected button")
                    try await board.wait(for: "path-not-found", in: ".rejections a")
                }
            }
        }

        @Test("It fits every screen, light and dark")
        func pictures() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await DemoBoard.open(in: browsers[0], of: system)
                    let bob = try await DemoBoard.open(in: browsers[1], of: system)
                    try await bob.drag("first1", onto: "first4")
                    try await ada.page.wait(for: "document.querySelector('.cursor')")
                    for id in ["first1", "first2", "first3"] { try await ada.tick(id) }
                    try await ada.settled()
                    try await ada.page.keepPictures("demo")
                }
            }
        }
    }
}
