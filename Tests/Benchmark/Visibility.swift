import ArgumentParser
import NIOCore

/// From sending a change to an application that has been quiet until a poller has it.
struct Visibility: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Milliseconds from pushing to an idle application to a poll that shows it.")

    @OptionGroup var server: ServerOptions
    @Option(help: "Changes to push, one at a time.")
    var changes = 200
    @Option(help: "Milliseconds of silence before each.")
    var pause = 300

    /// What is to be reached, in milliseconds.
    private static let target = 20.0

    func run() async throws {
        let client = Client(url: server.url)
        let application = "bench-idle-\(UInt32.random(in: 0 ... .max))"
        try await client.push(#"{"n":0}"#, type: "application/merge-patch+json", id: "begin", to: application)
        var known: String?
        while known == nil { known = try await client.poll(application).etag }

        var samples: [Double] = []
        for number in 1...changes {
            try await Task.sleep(for: .milliseconds(pause))
            let started = ContinuousClock.now
            async let pushed: Void = client.push(
                #"{"n":\#(number)}"#, type: "application/merge-patch+json", id: "c\(number)", to: application)
            while true {
                let answer = try await client.poll(application, known: known)
                if answer.status == 304 { continue }
                guard answer.status == 200, String(buffer: answer.body) == #"{"n":\#(number)}"# else {
                    throw Wrong("Poll \(number) got \(answer.status): \(String(buffer: answer.body))")
                }
                samples.append((ContinuousClock.now - started) / .milliseconds(1))
                known = answer.etag
                break
            }
            try await pushed
        }
        samples.sort()
        let slowest = percentile(0.99, of: samples)
        print(
            """
            idle application, push to poll, \(changes) changes: \
            p50 \(text(percentile(0.5, of: samples), decimals: 2)) ms, p99 \(text(slowest, decimals: 2)) ms, \
            slowest \(text(samples.last ?? 0, decimals: 2)) ms (target 20 ms: \(slowest <= Self.target ? "reached" : "missed"))
            """)
        if slowest > Self.target { throw ExitCode(1) }
    }
}
