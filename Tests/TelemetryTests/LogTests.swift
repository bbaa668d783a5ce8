import Glibc
import Logging
import Testing

@testable import Telemetry

@Suite("Log lines")
struct LogTests {
    private func line(
        _ message: String, _ metadata: Logger.Metadata = [:], level: Logger.Level = .info,
        layout: LogLayout = .timestamped,
        label: String = "merge-daemon"
    ) -> String {
        LogLine.render(
            layout: layout, time: Timestamp(milliseconds: 1_795_239_931_123), level: level, label: label,
            message: message, metadata: metadata)
    }

    @Test("A line has time, level, label, message and sorted fields")
    func format() {
        #expect(
            line("lease taken", ["partition": "17", "daemon": "host-a", "epoch": "\(5)"])
                == "2026-11-21T05:45:31.123Z info merge-daemon: lease taken daemon=host-a epoch=5 partition=17\n")
    }

    @Test("For the journal a line has the severity and no time")
    func journal() {
        #expect(line("x", level: .error, layout: .journal) == "<3>error merge-daemon: x\n")
        let severities = Logger.Level.allCases.map { line("x", level: $0, layout: .journal).prefix(3) }
        #expect(severities == ["<7>", "<7>", "<6>", "<5>", "<4>", "<3>", "<2>"])
        #expect(LogLayout.fitting(environment: ["JOURNAL_STREAM": "9:1234"]) == .journal)
        #expect(LogLayout.fitting(environment: [:]) == .timestamped)
    }

    @Test(
        "Values that are not plain are quoted and escaped",
        arguments: [
            ("plain-1.0/x:y", "plain-1.0/x:y"), ("two words", #""two words""#), ("", #""""#), ("a=b", #""a=b""#),
            (#"say "hi""#, #""say \"hi\"""#), (#"c:\d"#, #""c:\\d""#), ("a\nb\r\tc", #""a\nb\r\tc""#),
            ("\u{1B}[31m", #""\u001b[31m""#), ("a\u{2028}b", #""a\u2028b""#), ("\u{85}", #""\u0085""#),
            ("\u{202E}", #""\u202e""#), ("größe", "größe"), ("\r\n", #""\r\n""#),
        ])
    func values(_ value: String, _ expected: String) {
        #expect(line("m", ["k": .string(value)]).hasSuffix(" m k=\(expected)\n"))
    }

    @Test("Nobody can write a second record or another field")
    func injection() {
        let evil = "x\n2026-11-21T05:45:31.123Z info merge-daemon: all is well"
        for text in [line(evil), line("m", ["k": .string(evil)]), line("m", [evil: "v"]), line("m", label: evil)] {
            #expect(text.filter(\.isNewline).count == 1 && text.hasSuffix("\n"))
        }
        #expect(line("m", ["k": "v level=error"]).hasSuffix(" k=\"v level=error\"\n"))
        #expect(line("m", ["a b=c\n": "v"]).hasSuffix(" a_b_c_=v\n"))
        #expect(line("m", ["": "v"]).hasSuffix(" _=v\n"))
    }

    @Test("Lists and dictionaries are one value")
    func nested() {
        let metadata: Logger.Metadata = ["k": ["b": ["1", "2 \n3"], "a": "x"]]
        #expect(line("m", metadata).hasSuffix(#" k="{a:x,b:[1,2 \n3]}""# + "\n"))
    }

    @Test("Long messages, values and lines are cut at a character")
    func bounds() {
        let long = String(repeating: "é", count: 100_000)
        #expect(line(long).utf8.count < 1024 + 60)
        #expect(line("m", ["k": .string(long)]).hasSuffix("é…\n"))
        let many = Logger.Metadata(uniqueKeysWithValues: (0..<1000).map { ("key-\($0)", .string(long)) })
        let text = line("m", many)
        #expect(text.utf8.count <= 4096 && text.hasSuffix("…\n"))
    }

    @Test(
        "Times are written in the calendar",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (951_868_799_999, "2000-02-29T23:59:59.999Z"), (1_709_251_200_000, "2024-03-01T00:00:00.000Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001Z"), (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
        ])
    func times(_ milliseconds: Int64, _ expected: String) {
        #expect(Timestamp(milliseconds: milliseconds).text == expected)
    }

    @Test("The handler writes what a logger says, with the fields of logger and call")
    func handler() throws {
        let pipe = try Pipe()
        var logger = Logger(label: "state-poll") { label in
            LogfmtHandler(label: label, level: .notice, layout: .journal, output: LogOutput(descriptor: pipe.writing))
        }
        logger[metadataKey: "app"] = "board"
        logger.info("not loud enough")
        logger.notice("served", metadata: ["app": "form", "bytes": "12"])
        logger.error("failed")
        #expect(
            pipe.read() == "<5>notice state-poll: served app=form bytes=12\n<3>error state-poll: failed app=board\n")
    }

    @Test("A reader that stops reading costs lines and not the program's time")
    func jam() throws {
        let pipe = try Pipe()
        let output = LogOutput(descriptor: pipe.writing)
        let line = String(repeating: "x", count: 4000) + "\n"
        let start = ContinuousClock.now
        for _ in 0..<1000 { output.write(line) { "dropped \($0)\n" } }
        #expect(ContinuousClock.now - start < .seconds(10), "a wait for each line would be 50 s")
        let lines = pipe.read().split(separator: "\n").count
        #expect(lines > 5 && lines < 100)
        var told = ""
        while told.isEmpty, ContinuousClock.now - start < .seconds(20) {
            output.write("after\n") { "dropped \($0)\n" }
            told = pipe.read()
        }
        let dropped = told.split(separator: "\n").first?.split(separator: " ").last.flatMap { Int($0) } ?? 0
        #expect(dropped >= 1000 - lines && told.hasSuffix("after\n"))
    }
}

/// A pipe whose reading end does not wait.
private final class Pipe {
    let writing: Int32
    private let reading: Int32

    init() throws {
        var ends: [Int32] = [0, 0]
        try #require(unsafe pipe(&ends) == 0)
        (reading, writing) = (ends[0], ends[1])
        try #require(fcntl(reading, F_SETFL, O_NONBLOCK) == 0)
    }

    deinit {
        close(reading)
        close(writing)
    }

    /// Everything that is in it now.
    func read() -> String {
        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = unsafe chunk.withUnsafeMutableBytes { unsafe Glibc.read(reading, $0.baseAddress, $0.count) }
            if count <= 0 { return String(decoding: content, as: UTF8.self) }
            content += chunk.prefix(count)
        }
    }
}
