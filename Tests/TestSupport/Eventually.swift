/// What went wrong in the surroundings of a test, as a sentence.
package struct TestSupportError: Error, CustomStringConvertible {
    package let description: String

    package init(_ description: String) {
        self.description = description
    }
}

/// Waits until the condition holds; fails with a sentence that says what was waited for.
///
/// A condition that throws counts as not yet true, and its last error is part of the failure. The sentence is made when it is needed, so
/// it may tell what is the case then.
package func eventually(
    within limit: Duration = .seconds(10),
    poll: Duration = .milliseconds(5),
    _ expectation: @autoclosure () -> String,
    isolation: isolated (any Actor)? = #isolation,
    file: StaticString = #fileID,
    line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while true {
        var obstacle = ""
        do {
            if try await condition() { return }
        } catch {
            obstacle = " Last error: \(error)"
        }
        guard ContinuousClock.now < deadline else {
            throw TestSupportError("After \(limit) it was still not so: \(expectation()) (\(file):\(line)).\(obstacle)")
        }
        try await Task.sleep(for: poll)
    }
}
