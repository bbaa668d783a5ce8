import SystemSupport

extension Requests {
    private static let kind = "work"
    private static let json = ("Content-Type", "application/json")

    func operation(_ id: String) -> OperationName { OperationName(application: application, id: id) }

    func wish(_ id: String, at server: DaemonProcess) async -> Answer? {
        let place = operation(id).isPublished ? #","publish":"/jobs/\#(id)""# : ""
        return await send(
            "PUT", path(operation(id)), [Self.json],
            #"{"kind":"\#(Self.kind)","input":{"id":"\#(id)"},"attempts":\#(OperationNews.attempts)\#(place)}"#,
            at: server)
    }

    /// - Parameters:
    ///   - tag: That of the last look. Nothing is answered but 304 while the operation has it.
    ///   - wait: Seconds.
    func look(at id: String, having tag: String?, wait: Int?, from server: DaemonProcess) async -> Answer? {
        var headers: [(String, String)] = []
        if let tag { headers.append(("If-None-Match", tag)) }
        if let wait { headers.append(("Prefer", "wait=\(wait)")) }
        return await send("GET", path(operation(id)) + "?redirect=never", headers, nil, at: server)
    }

    func result(of id: String, from server: DaemonProcess) async -> Answer? {
        await send("GET", path(operation(id)) + "/result", [], nil, at: server)
    }

    func cancel(_ id: String, at server: DaemonProcess) async -> Answer? {
        await send("POST", path(operation(id)) + ":cancel", [], nil, at: server)
    }

    func claim(
        _ applications: [String], by worker: String, most: Int, lease: Int, wait: Int, at server: DaemonProcess
    ) async -> Answer? {
        let apps = applications.map { #""\#($0)""# }.joined(separator: ",")
        let body =
            #"{"worker":"\#(worker)","kinds":["\#(Self.kind)"],"apps":[\#(apps)],"max":\#(most),"lease_s":\#(lease),"wait_s":\#(wait)}"#
        return await send("POST", "/v1/operations:claim", [Self.json], body, at: server)
    }

    /// - Parameter verb: `heartbeat`, `fail`, `lease` (which is given back) or `result`.
    func say(_ verb: String, _ claim: Claim, at server: DaemonProcess) async -> Answer? {
        let lease = ("Lease-Token", claim.token)
        let path = path(claim.operation)
        switch verb {
        case "heartbeat":
            return await send(
                "POST", path + ":heartbeat", [lease, Self.json], #"{"progress":{"completed":\#(claim.fence)}}"#,
                at: server)
        case "fail":
            let body =
                #"{"error":{"code":"unlucky","message":"This did not work."},"retryable":true,"retry_after_s":0}"#
            return await send("POST", path + ":fail", [lease, Self.json], body, at: server)
        case "lease": return await send("DELETE", path + "/lease", [lease], nil, at: server)
        default:
            let result = claim.operation.result(under: claim.token)
            return await send("PUT", path + "/result", [lease, ("Content-Type", "text/plain")], result, at: server)
        }
    }

    private func path(_ operation: OperationName) -> String {
        "/v1/apps/\(operation.application)/operations/\(operation.id)"
    }
}
