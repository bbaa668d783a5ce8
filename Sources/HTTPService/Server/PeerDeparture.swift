// Lets a request that waits end when nobody is there any more to be answered.

import NIOCore

/// Sent down a channel by whoever is about to wait. Its promise is kept when the peer has closed the connection or its side of it, or
/// when the request is answered.
struct DepartureWanted: Sendable {
    let promise: EventLoopPromise<Void>
}

extension Call {
    /// Calls `body`, on the connection's event loop, when the client has closed the connection, or its side of it, or the request is
    /// answered. For one who asks at a time.
    package func onDeparture(_ body: @escaping @Sendable () -> Void) { departure().futureResult.whenSuccess(body) }

    private func departure() -> EventLoopPromise<Void> {
        let departure = context.channel.eventLoop.makePromise(of: Void.self)
        context.channel.triggerUserOutboundEvent(DepartureWanted(promise: departure), promise: nil)
        return departure
    }

    /// Runs `body`, whose task is cancelled as soon as the client closes the connection, or its side of it.
    ///
    /// `body` should then return what it has: a client that has closed only its side still reads.
    package func whileConnected<Value: Sendable, Failure: Error>(
        _ body: @escaping @Sendable () async throws(Failure) -> Value
    ) async throws(Failure) -> Value {
        let departure = departure()
        defer { departure.succeed() }
        let task = Task { () -> Result<Value, Failure> in
            do throws(Failure) { return .success(try await body()) } catch { return .failure(error) }
        }
        departure.futureResult.whenSuccess { task.cancel() }
        return try await withTaskCancellationHandler {
            await task.value
        } onCancel: {
            task.cancel()
        }.get()
    }
}
