import SystemSupport

extension TestCistern {
    /// What a daemon says of itself: one series if the name has labels, else the sum of all that have this name.
    func metric(_ name: String, at daemon: DaemonProcess) async throws -> Int {
        try await get("/metrics", from: daemon).text.split(separator: "\n")
            .filter { $0.hasPrefix(name) && ["{", " "].contains($0.dropFirst(name.count).first) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0) { $0 + Int($1) }
    }
}
