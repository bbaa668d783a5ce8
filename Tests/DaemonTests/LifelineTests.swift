import Glibc
import Logging
import ServiceLifecycle
import Testing

@testable import Daemon

@Suite("The lifeline to the parent", .timeLimit(.minutes(1)))
struct LifelineTests {
    private let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

    private func pipe() -> (read: Int32, write: Int32) {
        var ends: [Int32] = [0, 0]
        unsafe Glibc.pipe(&ends)
        return (ends[0], ends[1])
    }

    @Test("The service ends when the other end is closed, and not before, whatever is written")
    func ends() async throws {
        let (read, write) = pipe()
        let group = ServiceGroup(
            configuration: ServiceGroupConfiguration(
                services: [
                    .init(
                        service: Lifeline(descriptor: read, logger: logger),
                        successTerminationBehavior: .gracefullyShutdownGroup)
                ],
                logger: logger))
        async let running: Void = group.run()
        unsafe Glibc.write(write, "hello", 5)
        close(write)
        try await running
    }

    @Test("The service heeds a graceful stop while the parent lives")
    func stops() async throws {
        let (read, write) = pipe()
        defer { close(write) }
        let group = ServiceGroup(services: [Lifeline(descriptor: read, logger: logger)], logger: logger)
        async let running: Void = group.run()
        await group.triggerGracefulShutdown()
        try await running
    }

    @Test("A file, which is at its end from the start, is refused as a lifeline")
    func file() async throws {
        let null = unsafe open("/dev/null", O_RDONLY)
        defer { close(null) }
        await #expect(throws: DaemonFailure.self) { try await Lifeline(descriptor: null, logger: logger).run() }
    }
}
