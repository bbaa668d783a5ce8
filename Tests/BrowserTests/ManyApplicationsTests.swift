import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The dashboard with 10,000 applications")
    struct ManyApplicationsTests {
        private static let count = 10_000

        private static func name(_ number: Int) -> String { "app-" + String(100_000 + number).dropFirst() }

        private static func fill(_ system: TestCistern) async throws {
            try await withThrowingTaskGroup(of: Void.self) { group in
                for worker in 0..<32 {
                    group.addTask {
                        for number in stride(from: worker, to: count, by: 32) {
                            let answer = try await system.push(#"{"n":\#(number)}"#, id: "writer~1", to: name(number))
                            #expect(answer.status == 201)
                        }
                    }
                }
                try await group.waitForAll()
            }
        }

        @Test("The page stays small and quick: a bounded table, found by name, page by page")
        func many() async throws {
            try await withCistern { system in
                try await Self.fill(system)
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/dashboard/")
                    try await page.wait(for: "document.querySelectorAll('tbody tr').length >= 50")
                    try await page.wait(for: "document.querySelector('#total').innerText === '10,000'")
                    let rows = "[...document.querySelectorAll('tbody tr')].map((row) => row.cells[0].innerText)"
                    #expect(try await page.value("\(rows).length").integerValue ?? 0 <= 100)
                    try await measure(page)
                    try await page.keepPictures("dashboard-many")
                    // By name, and on by pages.
                    try await page.click("th:first-child button")
                    try await page.wait(for: "\(rows).length === 100 && \(rows)[0] === '\(Self.name(0))'")
                    try await page.click("#later")
                    try await page.wait(for: "\(rows)[0] === '\(Self.name(100))'")
                    try await page.click("#earlier")
                    try await page.wait(for: "\(rows)[0] === '\(Self.name(0))'")
                    // Found without knowing the page.
                    try await page.press("/")
                    try await page.type("app-07777", into: "#search")
                    try await page.wait(for: "\(rows).join() === 'app-07777'")
                    try await page.press(Key.enter)
                    try await page.press(Key.enter)
                    try await page.wait(
                        for:
                            "[...document.querySelectorAll('[role=treeitem]')].some((row) => row.innerText === 'n: 7777')"
                    )
                }
            }
        }

        /// Prints how long the first table and the following refreshes took. What is expected is only that there is something to print.
        private func measure(_ page: Page) async throws {
            try await page.wait(
                for:
                    "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/v1/daemons')).length > 6"
            )
            let figures = try await page.run(
                """
                const entries = performance.getEntriesByType("resource");
                const asked = (path) => entries.filter((entry) => entry.name.includes(path));
                const mean = (path) => asked(path).reduce((sum, entry) => sum + entry.duration, 0) / asked(path).length;
                const bytes = entries.filter((entry) => entry.name.includes("/v1/")).reduce((sum, entry) => sum + entry.transferSize, 0);
                const first = asked("limit=50")[0];
                return {
                  "first table, ms": Math.round(first.responseEnd), "daemons, ms": Math.round(mean("/v1/daemons")),
                  "busiest, ms": Math.round(mean("sort=rate")), "by name, ms": Math.round(mean("limit=50")),
                  "bytes a refresh": Math.round(bytes / asked("/v1/daemons").length),
                };
                """)
            _ = try await page.devTools("Performance.enable")
            let before = try await taskSeconds(page)
            let refreshes =
                try await page.value(
                    "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/v1/daemons')).length"
                ).integerValue ?? 0
            try await page.wait(
                for:
                    "performance.getEntriesByType('resource').filter((entry) => entry.name.includes('/v1/daemons')).length >= \(refreshes + 5)"
            )
            let milliseconds = (try await taskSeconds(page) - before) * 1_000 / 5
            print(
                "10,000 applications: \(String(decoding: figures.encoded(), as: UTF8.self)), milliseconds of the page's thread a refresh: \(Int(milliseconds))"
            )
            #expect(figures["first table, ms"]?.integerValue ?? 0 > 0)
        }

        private func taskSeconds(_ page: Page) async throws -> Double {
            let answer = try await page.devTools("Performance.getMetrics")
            for metric in answer["metrics"]?.elements ?? Document.array([]).elements
            where metric["name"]?.stringValue == "TaskDuration" {
                return metric["value"]?.numberSpelling.flatMap(Double.init) ?? 0
            }
            throw TestSupportError("Chromium gives no TaskDuration")
        }
    }
}
