import Documents
import SystemSupport
import TestSupport

/// The demo in one window, and what a person does there.
struct DemoBoard {
    let page: Page

    /// Opens the board that everybody sees who says nothing else; whoever is first there gets its six cards.
    static func open(in browser: Browser, of system: TestCistern) async throws -> DemoBoard {
        try await open(in: browser, at: system.poller.url)
    }

    static func open(in browser: Browser, at url: String) async throws -> DemoBoard {
        let page = try await browser.open(url + "/demo/")
        // Room enough for the panel beside the board.
        try await page.show(on: .desktop)
        try await page.wait(for: "document.querySelector('#phase')?.textContent.startsWith('Live')")
        try await page.wait(for: "document.querySelectorAll('.card').length >= 6")
        let board = DemoBoard(page: page)
        try await board.settled()
        return board
    }

    /// What is seen, in order: “doing ✓Text”.
    func cards() async throws -> [String] {
        let lines = try await page.value("[...document.querySelectorAll('.card:not(.ghost)')].map(\(Self.line))")
        return lines.elements.compactMap(\.stringValue)
    }

    func line(_ id: String) async throws -> String? {
        try await page.text("[document.querySelector('.column [data-id=\(id)]')].map(\(Self.line))[0]")
    }

    private static let line = """
        (card) => card && card.closest(".column").dataset.id + " " + (card.querySelector(".tick").checked ? "✓" : "")
          + (card.querySelector(".text")?.textContent ?? card.querySelector("textarea").value)
        """

    func figure(_ name: String) async throws -> String {
        try await page.text("document.querySelector('[data-figure=\(name)]').textContent") ?? ""
    }

    func tick(_ id: String) async throws { try await page.click("[data-id=\(id)] .tick") }

    func focus(_ id: String) async throws {
        try await page.run("document.querySelector(`.column [data-id=${args[0]}]`).focus()", .string(id))
    }

    func drag(_ id: String, onto other: String) async throws {
        try await page.drag(".column [data-id=\(id)] .text", to: ".column [data-id=\(other)]")
        try await page.wait(for: "!document.querySelector('.ghost')")
    }

    func write(_ text: String, into id: String) async throws {
        try await page.click("[data-id=\(id)] .text")
        try await page.run("document.activeElement.select()")
        try await page.press(text + Key.enter)
    }

    func add(_ text: String, to column: String) async throws {
        try await page.click("[data-id=\(column)] .add")
        try await page.press(text + Key.enter)
    }

    func undo() async throws { try await page.click("#undo") }

    func goOffline(_ isOffline: Bool) async throws {
        try await page.run(
            """
            const box = document.querySelector("#offline");
            if (box.checked !== args[0]) box.click();
            """, .bool(isOffline))
        try await page.wait(for: "(document.querySelector('#phase').dataset.phase === 'offline') === \(isOffline)")
    }

    func wait(for text: String, in selector: String) async throws {
        try await page.wait(for: "document.querySelector('\(selector)')?.textContent === '\(text)'")
    }

    /// Nothing waits to be sent or folded any more.
    func settled() async throws {
        try await page.wait(for: "document.querySelector('#phase').dataset.phase === 'live'")
        try await wait(for: "0", in: "[data-figure=pending]")
    }
}
