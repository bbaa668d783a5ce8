// nginx with nchan: clients wait for the messages of a channel, somebody posts them.

import Foundation
import TestSupport

struct Nchan: Sendable {
    let port: Int
    let client: Client
    private let pidFile: String
    private let server: Server

    static let subscribe = "/subscribe"
    private static let module = "/usr/lib/nginx/modules/ngx_nchan_module.so"

    /// - Parameter connections: as many as it may have at most.
    static func start(connections: Int, in bench: Bench) async throws -> Nchan {
        guard FileManager.default.fileExists(atPath: module) else {
            throw Wrong("nchan is not installed: apt-get install libnginx-mod-nchan")
        }
        let port = try await Server.freePort()
        let configuration = try bench.place(
            PackageResources.nchan_conf, as: "nchan-\(port).conf",
            ["MODULE": module, "FOLDER": bench.folder, "PORT": "\(port)", "CONNECTIONS": "\(connections)"])
        let arguments = ["-p", bench.folder, "-c", configuration]
        let server = try await Server(
            "nchan", try ChildProcess.find("nginx", package: "nginx"), arguments, cores: bench.serverCores,
            log: "\(bench.folder)/nchan.log"
        ) { try await Server.listens(at: port) }
        return Nchan(
            port: port, client: Client(port: port), pidFile: "\(bench.folder)/nchan-\(port).pid", server: server)
    }

    func publish(_ message: String) async throws {
        let answer = try await client.send(Request.post("/publish", type: "application/json", message))
        guard answer.status == 201 else { throw Wrong("nchan answered a message \(answer.status): \(answer.text)") }
    }

    /// Clients that wait.
    var waiting: Int {
        get async throws {
            let lines = try await client.get("/status").text.split(separator: "\n")
            guard let line = lines.first(where: { $0.hasPrefix("subscribers: ") }),
                let count = line.split(separator: " ").last.flatMap({ Int($0) })
            else { throw Wrong("nchan does not tell its subscribers.") }
            return count
        }
    }

    /// What it holds of memory, in bytes, as Cistern's metrics tell it of themselves.
    var memory: Double {
        get throws {
            let pid = try String(contentsOfFile: pidFile, encoding: .utf8).trimmingCharacters(
                in: .whitespacesAndNewlines)
            let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
            guard let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmRSS:") }),
                let kilobytes = line.split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap({ Double($0) })
            else { throw Wrong("There is no memory of process \(pid).") }
            return kilobytes * 1_024
        }
    }

    func stop() async {
        await client.close()
        // With one process alone it takes a while to end by itself, and there is nothing to keep.
        server.kill()
    }
}
