// One client of the comparison of operations: it makes one, claims one, and says what came of that.

import NIOCore

final class OperationTaker: TurnTaker {
    private let connection: Connection
    private let application: String
    /// What it claims: only those of its application, or whatever there is.
    private let claim: ByteBuffer
    private let prefix: String
    private var made = 0
    /// Those that it has finished.
    private(set) var finished: [String] = []

    static let input = #"{"text":""# + String(repeating: "i", count: 89) + #""}"#
    static let result = String(repeating: "r", count: 100)

    /// - Parameter prefix: what its operations' ids begin with, which no other client has.
    init(_ connection: Connection, _ application: String, namesApplication: Bool, prefix: String) {
        self.connection = connection
        self.application = application
        self.prefix = prefix
        let apps = namesApplication ? #","apps":["\#(application)"]"# : ""
        claim = Request.post(
            "/v1/operations:claim", type: Request.json, #"{"worker":"\#(prefix)","kinds":["bench"]\#(apps)}"#)
    }

    func turn(_ done: @escaping (Result<Void, any Error>) -> Void) {
        made += 1
        connection.ended = { done(.failure($0)) }
        let path = Request.operation("\(prefix)-\(made)", of: application)
        ask(Request.put(path, type: Request.json, #"{"kind":"bench","input":\#(Self.input)}"#), 201, done) { [self] _ in
            ask(claim, 200, done) { [self] answer in
                guard let id = answer.body.quoted(after: #""id":""#),
                    let application = answer.body.quoted(after: #""app":""#),
                    let token = answer.body.quoted(after: #""token":""#)
                else { return done(.failure(Wrong("A claim is answered \(answer.text.prefix(300))"))) }
                let request = Request.put(
                    Request.operation(id, of: application) + "/result", type: "text/plain", Self.result,
                    "Lease-Token: \(token)")
                ask(request, 201, done) { [self] _ in
                    finished.append("\(application) \(id)")
                    done(.success(()))
                }
            }
        }
    }

    private func ask(
        _ request: ByteBuffer, _ status: Int, _ done: @escaping (Result<Void, any Error>) -> Void,
        _ next: @escaping (Answer) -> Void
    ) {
        connection.receive = { answer in
            guard answer.status == status else {
                return done(.failure(Wrong("\(answer.status) instead of \(status): \(answer.text.prefix(300))")))
            }
            next(answer)
        }
        connection.send(request)
    }

    func close() { connection.close() }
}

extension ByteBuffer {
    /// What stands behind this, up to the next quotation mark.
    func quoted(after marker: String) -> String? {
        let wanted = Array(marker.utf8)
        return unsafe withUnsafeReadableBytes { bytes in
            guard bytes.count >= wanted.count else { return nil }
            for start in 0...(bytes.count - wanted.count)
            where wanted.indices.allSatisfy({ unsafe bytes[start + $0] == wanted[$0] }) {
                let rest = unsafe UnsafeRawBufferPointer(rebasing: bytes[(start + wanted.count)...])
                return unsafe String(decoding: rest.prefix { $0 != UInt8(ascii: "\"") }, as: UTF8.self)
            }
            return nil
        }
    }
}
