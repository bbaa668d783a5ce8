/// What `push.lua` is told: how a change is addressed.
struct PushScript: Sendable {
    let wrk: Wrk
    let url: String
    /// With `@NAME@` for the application or list, and `@ID@` for the change.
    let path: String
    let header: String

    /// Pushes to all of `names` by turns.
    ///
    /// - Parameter tag: starts the ids of this run.
    func run(_ names: [String], tag: String, seconds: Int) async throws -> Loop {
        try await wrk.run(
            url, seconds: seconds, arguments: [path, header, names.joined(separator: ","), tag])
    }

    static func cistern(_ cistern: Cistern, _ wrk: Wrk) -> PushScript {
        PushScript(
            wrk: wrk, url: cistern.url + "/", path: Request.change("@ID@", of: "@NAME@"),
            header: "Content-Type: \(Request.mergePatch)")
    }

    static func webdis(_ webdis: Webdis, _ wrk: Wrk) -> PushScript {
        PushScript(wrk: wrk, url: webdis.url, path: "/RPUSH/@NAME@", header: "")
    }
}
