import Foundation
import SystemSupport
import TestSupport

/// An authority of a test, and servers' certificates of it, made by openssl.
struct Certificates: Sendable {
    let folder: PrivateFolder
    var authority: String { folder.path + "/ca.crt" }

    init() throws {
        folder = try PrivateFolder("tls")
        try run([
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj",
            "/CN=Test",
            "-keyout", "ca.key", "-out", "ca.crt", "-addext", "basicConstraints=critical,CA:TRUE",
        ])
    }

    /// A certificate for this machine's names, in two files that are replaced if they are there already.
    @discardableResult
    func issue(_ name: String, serial: Int) throws -> (certificate: String, key: String) {
        try run([
            "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
            "-keyout",
            "new.key", "-out", "new.csr",
        ])
        try "subjectAltName=DNS:localhost,IP:127.0.0.1\n".write(
            toFile: folder.path + "/new.ext", atomically: true, encoding: .utf8)
        try run([
            "x509", "-req", "-in", "new.csr", "-CA", "ca.crt", "-CAkey", "ca.key", "-set_serial", "\(serial)", "-days",
            "2",
            "-extfile", "new.ext", "-out", "new.crt",
        ])
        for kind in ["key", "crt"] {
            guard unsafe rename("\(folder.path)/new.\(kind)", "\(folder.path)/\(name).\(kind)") == 0 else {
                throw TestSupportError("No certificate.")
            }
        }
        return ("\(folder.path)/\(name).crt", "\(folder.path)/\(name).key")
    }

    private func run(_ arguments: [String]) throws {
        let log = folder.path + "/openssl.log"
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ChildProcess.find("openssl", package: "openssl"))
        process.arguments = arguments
        process.currentDirectoryURL = URL(fileURLWithPath: folder.path)
        _ = FileManager.default.createFile(atPath: log, contents: nil)
        process.standardError = FileHandle(forWritingAtPath: log)
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw TestSupportError(
                "openssl \(arguments[0]): \((try? String(contentsOfFile: log, encoding: .utf8)) ?? "")")
        }
    }

    /// What curl prints for these arguments, which trusts this authority.
    func curl(_ arguments: [String]) throws -> String {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: try ChildProcess.find("curl", package: "curl"))
        process.arguments = ["--silent", "--show-error", "--max-time", "20", "--cacert", authority] + arguments
        let output = Pipe()
        process.standardOutput = output
        process.standardError = output
        try process.run()
        let data = output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        return String(decoding: data, as: UTF8.self)
    }
}
