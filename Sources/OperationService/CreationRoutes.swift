// Makes operations: under an id, or with a key of which the id is made.

import Documents
import Fold
import HTTPService
import HTTPTypes
import Hummingbird
import LogAnswers
import OperationQueue
import Operations

extension OperationRoutes {
    @Sendable func create(_ call: Call, in application: ApplicationID) async throws -> Response {
        // The order of these checks is part of the contract.
        try call.pay(for: .push)
        let name = try call.clientOperation(of: application)
        switch try await make(name, call) {
        case .created(let document): return document.answer(.created, isNew: true)
        case .known(let document): return document.answer(.ok, isNew: true)
        case .mismatch: throw Problem(.operationMismatch, "Another operation was made under this id.")
        case .retired: throw Problem.retired
        case .full: throw Problem.full(queue.settings.alive)
        }
    }

    /// A repeat is answered with the bytes of the first answer, which are those of the operation as it was made.
    @Sendable func createByKey(_ call: Call, in application: ApplicationID) async throws -> Response {
        try call.pay(for: .push)
        guard !ReservedNames.contains(application) else { throw Problem.reserved() }
        let key = try call.headers.idempotencyKey(characters: OperationLimits.keyCharacters)
        let name = OperationName(try OperationID(idempotencyKey: key), of: application)
        switch try await make(name, call) {
        case .created(let document), .known(let document): return document.whenMade.answer(.accepted, isNew: true)
        case .mismatch: throw Problem(.idempotencyKeyReused, "Another operation was made with this key.")
        case .retired: throw Problem.retired
        case .full: throw Problem.full(queue.settings.alive)
        }
    }

    private func make(_ name: OperationName, _ call: Call) async throws -> CreateAnswer {
        let document = try await call.json(upTo: OperationLimits.requestBytes, "An operation")
        let request: OperationRequest
        do { request = try OperationRequest(document) } catch { throw Problem(error) }
        guard !ReservedNames.contains(request.kind) else { throw Problem.reserved(at: "/kind") }
        if let place = request.place {
            // Whoever cannot change the state there cannot have it changed.
            try call.caller.authorize(.push, on: name.application)
            try call.caller.authorize(place.change(id: ChangeID("operation")), to: name.application, at: "/publish")
        }
        do { return try await queue.create(request, as: name) } catch { throw Problem(error) }
    }
}

extension Problem {
    fileprivate static var retired: Problem {
        Problem(.operationIDRetired, "The operation of this id was deleted, or its time is over.")
    }
}
