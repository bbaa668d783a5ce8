import Documents
import Foundation
import TestSupport
import Testing

/// A Chromium with a profile of its own, so with storage that no other browser sees.
///
/// WebDriver has one current window per session: every command of a page is sent together with the choice of its window.
actor Browser {
    private let process: ChildProcess
    private let folder: PrivateFolder
    private let driver: WebDriver
    /// Kept open and empty, because a browser ends with its last window.
    private let home: String
    private var current: String

    private init(process: ChildProcess, folder: PrivateFolder, driver: WebDriver, home: String) {
        self.process = process
        self.folder = folder
        self.driver = driver
        self.home = home
        current = home
    }

    fileprivate static func start() async throws -> Browser {
        let folder = try PrivateFolder("browser")
        let log = "\(folder.path)/chromedriver.log"
        let process = ChildProcess(
            executable: try ChildProcess.find("chromedriver", package: "chromium-driver"), arguments: ["--port=0"],
            output: log)
        do {
            try process.launch()
            var port = ""
            try await eventually(within: .seconds(30), "chromedriver listens") {
                // It takes a free port of IPv4 and gives up if somebody has the same one of IPv6.
                if !process.isRunning { try process.launch() }
                guard let match = process.printed.matches(of: /successfully on port (\d+)/).last else { return false }
                port = String(match.1)
                return true
            }
            let driver = try await WebDriver(
                driver: "http://127.0.0.1:\(port)", capabilities: Self.capabilities(profile: "\(folder.path)/profile"))
            guard let home = try await driver.get("window").stringValue else {
                throw TestSupportError("The browser has no window.")
            }
            return Browser(process: process, folder: folder, driver: driver, home: home)
        } catch {
            process.end(with: SIGKILL)
            folder.remove()
            throw error
        }
    }

    private static func capabilities(profile: String) -> Document {
        let arguments = [
            "--headless=new", "--disable-gpu", "--user-data-dir=\(profile)",
            // The root user, whom containers have, gets no sandbox; and /dev/shm is small there.
            "--no-sandbox", "--disable-dev-shm-usage",
            // A host with a name, whose pages are not secure ones as those of 127.0.0.1 are.
            "--host-resolver-rules=MAP cistern.test 127.0.0.1",
            // By a pipe the browser ends with chromedriver, and that with the test.
            "--remote-debugging-pipe",
            // Windows in the background are as quick as others: tests look at several.
            "--disable-background-timer-throttling", "--disable-renderer-backgrounding",
            "--disable-backgrounding-occluded-windows",
        ]
        let options: Document = .object([("args", .array(arguments.map(Document.string)))])
        return .object([
            (
                "alwaysMatch",
                .object([
                    ("goog:chromeOptions", options), ("goog:loggingPrefs", .object([("browser", .string("ALL"))])),
                ])
            )
        ])
    }

    fileprivate func end() async {
        _ = try? await driver.delete()
        process.end(with: SIGTERM)
        folder.remove()
    }

    /// Opens a window; a tab to the user, who sees it by the same profile as all others.
    func open(_ url: String) async throws -> Page {
        let window = try await driver.post("window/new", [("type", .string("tab"))])
        guard let handle = window["handle"]?.stringValue else { throw TestSupportError("No window was opened.") }
        let page = Page(browser: self, handle: handle)
        try await page.go(to: url)
        return page
    }

    /// Does something in a window. Nobody else comes between, as long as each use of the driver says its window.
    @discardableResult
    func use<Value: Sendable>(
        _ window: String, _ body: @Sendable (WebDriver) async throws -> Value
    ) async throws -> Value {
        await turn.take()
        do {
            if current != window {
                try await driver.post("window", [("handle", .string(window))])
                current = window
            }
            let value = try await body(driver)
            await turn.giveBack()
            return value
        } catch {
            await turn.giveBack()
            throw error
        }
    }

    func close(_ window: String) async throws {
        try await use(window) { try await $0.delete("window") }
        // A session whose window is gone opens none.
        current = ""
        try await use(home) { _ in }
    }

    private let turn = Turn()

    /// What the console shows since this was asked last.
    func consoleEntries() async throws -> [ConsoleEntry] {
        let entries = try await use(home) { try await $0.post("se/log", [("type", .string("browser"))]) }
        return entries.elements.map(ConsoleEntry.init)
    }
}

/// Lets one after the other: an actor alone would let others in at every `await`.
private actor Turn {
    private var isTaken = false
    private var waiting: [CheckedContinuation<Void, Never>] = []

    func take() async {
        if isTaken { await withCheckedContinuation { waiting.append($0) } } else { isTaken = true }
    }

    func giveBack() {
        if waiting.isEmpty { isTaken = false } else { waiting.removeFirst().resume() }
    }
}

/// A line of the console.
struct ConsoleEntry: Sendable, CustomStringConvertible {
    let level: String
    let source: String
    let message: String

    init(_ entry: Document) {
        level = entry["level"]?.stringValue ?? ""
        source = entry["source"]?.stringValue ?? ""
        message = entry["message"]?.stringValue ?? ""
    }

    var description: String { "\(level) \(source): \(message)" }

    /// Whether a page is to blame for it. A request to the API that fails is none: servers are killed here, and what does not exist is
    /// answered with 404.
    var isFault: Bool {
        guard level == "SEVERE" || message.contains("Content Security Policy") else { return false }
        let isRequest = source == "network" || message.contains("WebSocket connection to")
        return !(isRequest && message.contains("/v1/"))
    }
}

/// Runs the body with browsers, each with a profile of its own, and ends them. Errors that pages wrote to the console are failures.
func withBrowsers<Value>(
    _ count: Int, isolation: isolated (any Actor)? = #isolation, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: ([Browser]) async throws -> Value
) async throws -> Value {
    var browsers: [Browser] = []
    let outcome: Result<Value, any Error>
    do {
        for _ in 0..<count { browsers.append(try await Browser.start()) }
        outcome = .success(try await body(browsers))
    } catch {
        outcome = .failure(error)
    }
    for browser in browsers {
        let faults = ((try? await browser.consoleEntries()) ?? []).filter(\.isFault)
        #expect(faults.isEmpty, "A page wrote errors to the console: \(faults)", sourceLocation: sourceLocation)
        await browser.end()
    }
    return try outcome.get()
}

func withBrowser<Value>(
    isolation: isolated (any Actor)? = #isolation, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (Browser) async throws -> Value
) async throws -> Value {
    try await withBrowsers(1, isolation: isolation, sourceLocation: sourceLocation) { try await body($0[0]) }
}
