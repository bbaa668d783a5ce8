// An answer as it goes over the wire, but for what changes from one client to the next: made once, sent to all who ask the same.

import HTTPService
import NIOCore

struct PreparedAnswer {
    let head: AnswerHead
    let body: ByteBuffer?

    init(_ answer: StateAnswer) {
        switch (answer.form, answer.coding) {
        // Ready since the version is.
        case (.notModified, .identity):
            self.init(head: answer.served.notModifiedHead, body: nil)
        case (.full(let content), .identity) where content === answer.served.content:
            self.init(head: answer.served.fullHead, body: content.plain)
        case (.notModified, .gzip), (.full, _), (.delta, _):
            var lines = AnswerFields(answer.fields)
            let body = answer.body
            if let body { lines.add("Content-Length", String(body.readableBytes)) }
            self.init(head: AnswerHead(answer.status, lines), body: body)
        }
    }

    private init(head: AnswerHead, body: ByteBuffer?) {
        self.head = head
        self.body = body
    }
}

extension AnswerBuffer {
    func write(_ answer: PreparedAnswer, _ fields: AnswerFields) { write(answer.head, fields, body: answer.body) }
}
