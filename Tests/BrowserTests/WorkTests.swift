import Documents
import Foundation
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("Long-running operations in a browser")
    struct WorkTests {
        /// Runs the body with a folder of its own and a process of `cistern` in it.
        private func with(
            _ words: [String], of system: TestCistern, _ body: (ChildProcess) async throws -> Void
        ) async throws {
            let folder = "/tmp/cistern-\(UUID().uuidString.prefix(8))"
            try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
            defer { try? FileManager.default.removeItem(atPath: folder) }
            // Its standard input never ends.
            let script = #"cd "$0" && { [ -p input ] || mkfifo input; } && exec "$@" 0<>input"#
            let process = ChildProcess(
                executable: "/bin/bash",
                arguments: ["-c", script, folder, try DaemonProcess.folder() + "/cistern"] + words + [
                    "--url", system.poller.url, "--push-url", system.bucket.url,
                ], output: "\(folder)/output")
            try process.launch()
            defer { process.end(with: SIGTERM) }
            try await body(process)
        }

        @Test("A page starts an operation, follows it, and fetches what has come of it")
        func client() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    try await page.run(
                        """
                        const { operations } = await import(new URL("/cistern.js", location.href));
                        window.jobs = operations({ url: location.origin, app: "board" });
                        window.seen = [];
                        window.job = jobs.start("count", { rows: [1, 2] });
                        job.result({ onProgress: ({ status, progress }) => seen.push(`${status} ${progress?.completed ?? "-"}`) })
                          .then(async (result) => (window.result = [result.headers.get("Content-Type"), await result.text()]));
                        """)
                    try await page.wait(for: "seen[0] === 'queued -'")
                    let script = #"echo "::progress 1/2" >&2; sleep 1; jq -c .rows"#
                    let words = ["worker", "--kind", "count", "--type", "application/json"]
                    let process = ChildProcess(
                        executable: try DaemonProcess.folder() + "/cistern",
                        arguments: words + ["--url", system.poller.url, "--", script],
                        output: system.redis.folder + "/worker.log")
                    try process.launch()
                    defer { process.end(with: SIGTERM) }
                    try await page.wait(for: "window.result !== undefined", within: .seconds(30))
                    #expect(try await page.value("result").text == ##"["application/json","[1,2]\n"]"##)
                    #expect(try await page.value("seen.includes('running 1')").boolValue == true)
                    #expect(try await page.text("seen.at(-1)") == "succeeded 1")
                    // The wish again, as by a page that was loaded anew.
                    try await page.run(
                        "jobs.start('count', { rows: [1, 2] }, { id: job.id }).status().then(({ status }) => (window.again = status))"
                    )
                    try await page.wait(for: "window.again === 'succeeded'")
                }
            }
        }

        @Test(
            "A picture of the demo's board is drawn while everybody watches, also by two workers, the first of which is killed"
        )
        func picture() async throws {
            try await withCistern { system in
                try await withBrowsers(2) { browsers in
                    let ada = try await DemoBoard.open(in: browsers[0], of: system)
                    let bob = try await DemoBoard.open(in: browsers[1], of: system)
                    try await ada.page.run(
                        "window.saved = []; const make = URL.createObjectURL; URL.createObjectURL = (blob) => { blob.text().then((text) => saved.push(text)); return make.call(URL, blob); }"
                    )
                    #expect(try await ada.page.value("document.querySelector('#picture').hidden").boolValue == true)
                    try await with(["demo-worker"], of: system) { worker in
                        try await bob.page.click("#draw")
                        for board in [ada, bob] {
                            try await board.page.wait(for: "document.querySelector('#picture progress').value > 0")
                            #expect(
                                try await board.page.value("document.querySelector('#draw').disabled").boolValue == true
                            )
                            let save = "document.querySelector('#picture .primary').checkVisibility()"
                            #expect(try await board.page.value(save).boolValue == false)
                        }
                        try await ada.page.keepPictures("demo-picture")
                        worker.end(with: SIGKILL)
                    }
                    try await with(["demo-worker"], of: system) { _ in
                        for board in [ada, bob] {
                            try await board.page.wait(
                                for: "document.querySelector('#picture').dataset.status === 'succeeded'",
                                within: .seconds(30))
                        }
                    }
                    try await ada.page.click("#picture .primary")
                    try await ada.page.wait(for: "saved.length === 1")
                    let svg = try await ada.page.text("saved[0]") ?? ""
                    #expect(svg.hasPrefix("<svg ") && svg.contains(">Drag a card while somebody edits<"))
                    try await ada.page.keepPictures("demo-picture-ready")
                    try await ada.page.click("#picture .icon")
                    for board in [ada, bob] {
                        try await board.page.wait(for: "document.querySelector('#picture').hidden")
                    }
                }
            }
        }

        @Test("The dashboard shows how far each operation of an application is, and why one has failed")
        func dashboard() async throws {
            try await withCistern { system in
                #expect(try await system.outcome(#"{"n":1}"#, id: "c1") == "applied")
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/dashboard/#board")
                    try await page.wait(
                        for: "document.querySelector('#application .status')?.innerText.startsWith('Live')")
                    #expect(try await page.value("document.querySelector('.work').hidden").boolValue == true)
                    for (id, body) in [
                        ("waits", #"{"kind":"export"}"#), ("fails", #"{"kind":"import","attempts":1}"#),
                        ("runs", #"{"kind":"count"}"#), ("succeeds", #"{"kind":"sum"}"#),
                    ] {
                        _ = try await system.send(
                            "PUT", "/v1/apps/board/operations/\(id)", headers: [("Content-Type", "application/json")],
                            body: Array(body.utf8), to: system.bucket)
                    }
                    for (kind, id, suffix, method, body) in [
                        (
                            "import", "fails", ":fail", "POST",
                            #"{"error":{"message":"<b>No</b> rows"},"retryable":false}"#
                        ),
                        (
                            "count", "runs", ":heartbeat", "POST",
                            #"{"progress":{"completed":3,"total":4,"message":"On it"}}"#
                        ),
                        ("sum", "succeeds", "/result", "PUT", "{}"),
                    ] {
                        let claim = try await system.send(
                            "POST", "/v1/operations:claim", headers: [("Content-Type", "application/json")],
                            body: Array(#"{"worker":"w","kinds":["\#(kind)"]}"#.utf8), to: system.bucket)
                        let token = claim.member("items")?[0]?["lease"]?["token"]?.stringValue ?? ""
                        _ = try await system.send(
                            method, "/v1/apps/board/operations/\(id)\(suffix)",
                            headers: [("Content-Type", "application/json"), ("Lease-Token", token)],
                            body: Array(body.utf8), to: system.bucket)
                    }
                    let rows =
                        "[...document.querySelectorAll('.operations li')].map((row) => row.innerText.replaceAll('\\n', ' '))"
                    try await page.wait(for: "\(rows).length === 4")
                    let texts = try await page.value(rows).elements.compactMap(\.stringValue)
                    #expect(
                        texts.contains { $0.contains("running count runs") && $0.contains("3 of 4, On it") }, "\(texts)"
                    )
                    #expect(texts.contains { $0.contains("failed import fails") && $0.contains("<b>No</b> rows") })
                    #expect(texts.contains { $0.contains("queued export waits") })
                    let bars =
                        "[...document.querySelectorAll('.operations progress:not([hidden])')].map((bar) => bar.value)"
                    #expect(try await page.value(bars).text == "[0.75]")
                    try await page.keepPictures("dashboard-operations")
                }
            }
        }
    }
}
