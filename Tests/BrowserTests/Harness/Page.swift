import Documents
import Foundation
import TestSupport

/// A window of a browser.
struct Page: Sendable {
    let browser: Browser
    let handle: String

    func go(to url: String) async throws {
        try await browser.use(handle) { try await $0.post("url", [("url", .string(url))]) }
    }

    func reload() async throws {
        try await browser.use(handle) { try await $0.post("refresh") }
    }

    func close() async throws { try await browser.close(handle) }

    // MARK: Scripts

    /// Runs the body of an asynchronous function in the page, with `args`, and gives what it returns.
    @discardableResult
    func run(_ script: String, _ arguments: Document...) async throws -> Document {
        try await browser.use(handle) { driver in
            try await driver.post(
                "execute/sync",
                [
                    ("script", .string("return (async (...args) => {\n\(script)\n})(...arguments)")),
                    ("args", .array(arguments)),
                ])
        }
    }

    /// The value of an expression.
    func value(_ expression: String) async throws -> Document { try await run("return (\(expression));") }

    func text(_ expression: String) async throws -> String? { try await value(expression).stringValue }

    /// Waits until an expression is true.
    func wait(
        for expression: String, within limit: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line
    ) async throws {
        do {
            try await eventually(within: limit, poll: .milliseconds(20), expression, file: file, line: line) {
                try await value("Boolean(\(expression))").boolValue == true
            }
        } catch {
            let shown = try? await value("document.body?.innerText ?? null").stringValue
            let facts = try? await value("window.board ? [board.status, board.state ?? null] : null").text
            throw TestSupportError(
                "\(error)\nThe client: \(facts ?? "none")\nThe page shows: \(shown?.prefix(2_000) ?? "nothing")")
        }
    }

    // MARK: What a user does

    /// Clicks in the middle of the first element that matches, as a pointer does: what covers it gets the click.
    func click(_ selector: String) async throws {
        try await element(selector) { driver, element in try await driver.post("element/\(element)/click") }
    }

    /// Types into the first element that matches. Keys such as Enter are characters: see `Key`.
    func type(_ text: String, into selector: String) async throws {
        try await element(selector) { driver, element in
            try await driver.post("element/\(element)/value", [("text", .string(text))])
        }
    }

    /// Presses keys where the focus is.
    func press(_ keys: String) async throws {
        let actions = keys.unicodeScalars.flatMap { key in
            ["keyDown", "keyUp"].map { kind -> Document in
                .object([("type", .string(kind)), ("value", .string(String(Character(key))))])
            }
        }
        try await perform("key", [("id", .string("keyboard"))], actions)
    }

    /// Drags by the pointer from the middle of one element to the middle of another.
    func drag(_ from: String, to target: String) async throws {
        let steps = 8
        let (start, end) = (try await middle(of: from), try await middle(of: target))
        func move(_ x: Int, _ y: Int) -> Document {
            .object([
                ("type", .string("pointerMove")), ("duration", .integer(20)), ("x", .integer(x)), ("y", .integer(y)),
            ])
        }
        let button: [(String, Document)] = [("button", .integer(0))]
        let moves = (1...steps).map { step in
            move(start.x + (end.x - start.x) * step / steps, start.y + (end.y - start.y) * step / steps)
        }
        try await perform(
            "pointer", [("id", .string("mouse")), ("parameters", .object([("pointerType", .string("mouse"))]))],
            [move(start.x, start.y), .object([("type", .string("pointerDown"))] + button)] + moves
                + [.object([("type", .string("pointerUp"))] + button)])
    }

    private func perform(_ kind: String, _ device: [(String, Document)], _ actions: [Document]) async throws {
        let source: Document = .object(device + [("type", .string(kind)), ("actions", .array(actions))])
        try await browser.use(handle) { try await $0.post("actions", [("actions", .array([source]))]) }
    }

    private func middle(of selector: String) async throws -> (x: Int, y: Int) {
        let place = try await run(
            """
            const box = document.querySelector(args[0]).getBoundingClientRect();
            return [Math.round(box.x + box.width / 2), Math.round(box.y + box.height / 2)];
            """, .string(selector))
        guard let x = place[0]?.integerValue, let y = place[1]?.integerValue else {
            throw TestSupportError("\(selector) has no place: \(place.text)")
        }
        return (x, y)
    }

    /// The member that names an element (WebDriver §12.2, “web element identifier”).
    private static let elementReference = "element-6066-11e4-a52e-4f735466cecf"

    private func element(
        _ selector: String, _ body: @Sendable (WebDriver, String) async throws -> Document
    ) async throws {
        try await browser.use(handle) { driver in
            let found = try await driver.post(
                "element", [("using", .string("css selector")), ("value", .string(selector))])
            guard let id = found[Self.elementReference]?.stringValue else {
                throw TestSupportError("There is no \(selector).")
            }
            return try await body(driver, id)
        }
    }

    // MARK: The network

    /// Takes the network away from the page, or gives it back, as pulling a plug does.
    func setOffline(_ isOffline: Bool) async throws {
        try await devTools("Network.enable")
        try await devTools(
            "Network.emulateNetworkConditions",
            [
                ("offline", .bool(isOffline)), ("latency", .integer(0)), ("downloadThroughput", .integer(-1)),
                ("uploadThroughput", .integer(-1)),
            ])
    }

    @discardableResult
    func devTools(_ command: String, _ parameters: [(String, Document)] = []) async throws -> Document {
        try await browser.use(handle) { try await $0.devTools(command, parameters) }
    }
}

/// Keys that are no characters, as WebDriver writes them.
enum Key {
    static let enter = "\u{E007}"
    static let escape = "\u{E00C}"
    static let tab = "\u{E004}"
    static let space = " "
    static let backspace = "\u{E003}"
    static let left = "\u{E012}"
    static let up = "\u{E013}"
    static let right = "\u{E014}"
    static let down = "\u{E015}"
}
