import Documents
import SystemSupport
import TestSupport
import Testing

extension BrowserTests {
    @Suite("What the tests in a browser stand on")
    struct HarnessTests {
        @Test("The server's own page has no error, fits every screen, and lets in no script that it did not bring")
        func ownPage() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    #expect(try await page.text("document.querySelector('h1').innerText") == "Cistern")
                    #expect(try await page.value("getComputedStyle(document.body).marginTop").stringValue == "0px")
                    try await page.keepPictures("index")
                    #expect(try await browser.consoleEntries().filter(\.isFault).isEmpty)
                    try await page.run(
                        """
                        const script = document.createElement("script");
                        script.textContent = "window.isInside = true";
                        document.head.append(script);
                        const style = document.createElement("style");
                        style.textContent = "body { margin-top: 7px }";
                        document.head.append(style);
                        """)
                    #expect(try await page.value("window.isInside ?? null").isNull)
                    #expect(try await page.value("getComputedStyle(document.body).marginTop").stringValue == "0px")
                    let faults = try await browser.consoleEntries().filter(\.isFault)
                    #expect(faults.count { $0.message.contains("Content Security Policy") } == 2, "\(faults)")
                }
            }
        }

        @Test("Errors of pages are seen: what they throw, what they write, what they miss")
        func faults() async throws {
            try await withCistern { system in
                try await withBrowser { browser in
                    let page = try await browser.open(system.poller.url + "/")
                    try await page.run("setTimeout(() => { throw new Error('thrown') })")
                    try await page.run("setTimeout(() => { Promise.reject(new Error('left alone')) })")
                    try await page.run("console.error('written')")
                    try await page.run("const image = new Image(); image.src = 'missing.svg'")
                    try await page.run("await fetch('/v1/apps/none/state')")
                    var faults: [ConsoleEntry] = []
                    for word in ["thrown", "left alone", "written", "missing.svg"] {
                        try await eventually("\(word) is among the faults") {
                            faults += try await browser.consoleEntries().filter(\.isFault)
                            return faults.contains { $0.message.contains(word) }
                        }
                    }
                    #expect(faults.count == 4, "\(faults)")
                }
            }
        }
    }
}
