// Measures a running Cistern. scripts/bench starts one for it; no product code knows of any of this.

import ArgumentParser

@main
struct Benchmark: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "cistern-bench", abstract: "Measures a running Cistern and checks what it gets.",
        subcommands: [Visibility.self, Soak.self])
}

struct ServerOptions: ParsableArguments {
    @Option(help: "Where changes go and states come from.")
    var url = "http://127.0.0.1:8080"
}

/// A check that did not hold: the figure is worth nothing.
struct Wrong: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) { self.description = description }
}

/// The value below which the given part of all samples lies; `samples` sorted, not empty.
func percentile(_ part: Double, of samples: [Double]) -> Double {
    samples[min(samples.count - 1, Int(Double(samples.count) * part))]
}

func text(_ number: Double, decimals: Int = 1) -> String {
    let power = (0..<decimals).reduce(1.0) { product, _ in product * 10 }
    return "\((number * power).rounded() / power)"
}
