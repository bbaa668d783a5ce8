import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("The client: what the README says")
    struct ReadmeTests {
        @Test("The example in the README does what it says")
        func example() async throws {
            let readme = try String(
                contentsOf: URL(filePath: #filePath).appending(path: "../../../../README.md").standardizedFileURL,
                encoding: .utf8)
            let block = try #require(readme.firstMatch(of: /```js\n([\s\S]*?)```/)).1
            // A module's imports, as they are written where a function runs.
            let script = block.replacing(/import (\{.*?\}) from (".*?");/) { "const \($0.1) = await import(\($0.2));" }
            try #require(script != block)
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    try await page.run("window.logged = []; console.log = (...words) => logged.push(words)")
                    try await page.run(String(script))
                    try await page.wait(for: "logged.flat(2).some((word) => word.value?.name === 'Ada')")
                    let state = #"{"cards":{"a":{"text":"Water the plants"}},"title":"Garden","visits":1}"#
                    #expect(try await system.settled().json.text == state)
                    let told =
                        "logged.some(([state, words]) => words === '0 on their way' && state.visits === 1 && state.cards)"
                    #expect(try await page.value("Boolean(\(told))").boolValue == true)
                }
            }
        }
    }
}
