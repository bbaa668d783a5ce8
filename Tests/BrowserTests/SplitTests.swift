import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("Pages of a server whose change-bucket has another URL")
    struct SplitTests {
        /// `cistern up --split`, ready; gives the URL of its pages.
        private func withSplit(_ body: (URL) async throws -> Void) async throws {
            let folder = try PrivateFolder("split")
            defer { folder.remove() }
            let process = ChildProcess(
                executable: try DaemonProcess.folder() + "/cistern",
                arguments: ["up", "--split", "--port", "0", "--data", folder.path], output: "\(folder.path)/output")
            try process.launch()
            defer { process.end(with: SIGTERM) }
            var url: URL?
            try await eventually(within: .seconds(60), "cistern up is ready: \(process.printed)") {
                url = process.printed.firstMatch(of: /Cistern is ready: (\S+)/).flatMap { URL(string: String($0.1)) }
                return url != nil || !process.isRunning
            }
            try await body(try #require(url, "\(process.printed)"))
        }

        @Test("The demo pushes to the other one, by any name of this machine", arguments: ["127.0.0.1", "localhost"])
        func demo(host: String) async throws {
            try await withSplit { url in
                let port = try #require(url.port)
                try await withBrowser { browser in
                    let board = try await DemoBoard.open(in: browser, at: "http://\(host):\(port)")
                    // A socket would take changes, too.
                    try await board.page.run("document.querySelector('[value=short]').click()")
                    try await board.wait(for: "Live by polls", in: "#phase")
                    try await board.tick("first1")
                    try await board.settled()
                    #expect(try await board.line("first1")?.contains("✓") == true)
                    let command = try await board.page.text("document.querySelector('#panel').textContent") ?? ""
                    // Drawn by the worker that “cistern up” has for it, and fetched from the other server.
                    try await board.page.run(
                        "window.saved = []; const make = URL.createObjectURL; URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return make.call(URL, blob); }"
                    )
                    try await board.page.click("#draw")
                    try await board.page.wait(
                        for: "document.querySelector('#picture').dataset.status === 'succeeded'", within: .seconds(30))
                    try await board.page.click("#picture .primary")
                    try await board.page.wait(for: "saved[0]?.startsWith('<svg ')")
                    #expect(command.contains("curl -X PUT http://127.0.0.1:\(port + 1)/v1/apps/demo."), "\(command)")
                }
            }
        }
    }
}
