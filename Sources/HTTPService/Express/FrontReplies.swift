// What lanes do with a connection after they have returned: give their reply, listen to what becomes of the peer, send a stream.

import NIOCore

extension ConnectionFront {
    // MARK: Replies

    func replied(_ write: (AnswerBuffer) -> Void) {
        guard let context, let owed, progress.replied() else {
            return assert(progress.mode == .closing, "A lane replied before it had returned, or twice")
        }
        let isPatient = waiter != nil
        waiter = nil
        let isLast = progress.isLast || progress.requestsLeft == 0 || loop.isDraining && !hasMore
        pay(owed, isPatient: isPatient, isLast: isLast, context, write)
        if isLast { progress.lastAnswerGiven() }
        goOn()
    }

    func begin(_ waiter: any LaneWaiter, _ write: (AnswerBuffer) -> Void) {
        if let context, let owed, progress.streamBegan() {
            let isPatient = self.waiter != nil
            self.waiter = nil
            pay(owed, isPatient: isPatient, isLast: progress.requestsLeft == 0, context, write)
        } else {
            assert(progress.mode == .closing, "A lane began a stream before it had returned, or twice")
        }
        listen(waiter)
    }

    /// Writes what is owed.
    private func pay(
        _ owed: OwedReply, isPatient: Bool, isLast: Bool, _ context: ChannelHandlerContext,
        _ write: (AnswerBuffer) -> Void
    ) {
        self.owed = nil
        owed.slot.record(nanoseconds: (NIODeadline.now() - owed.since).nanoseconds, isPatient: isPatient)
        let wasWorking = isWorking
        isWorking = true
        loop.answers.direct(to: context) {
            loop.answers.prepare(owed.slot, owed.fields + ending(isLast))
            write(loop.answers)
        }
        isWorking = wasWorking
    }

    func listen(_ waiter: any LaneWaiter) {
        self.waiter = waiter
        progress.replyBecamePatient()
        guard progress.isEnding else { return }
        // Not in the midst of what the lane is doing.
        loop.eventLoop.assumeIsolated().execute { self.tellMissed() }
    }

    private func tellMissed() {
        guard waiter != nil else { return }
        guard let context else { return dropPeer() }
        perform(progress.missed(), context)
    }

    // MARK: Streams

    var isWritable: Bool { progress.isWritable }

    func send(_ bytes: ByteBuffer) {
        guard let context, progress.mode == .streaming else { return }
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    func endStream() {
        send(.lastChunk)
        guard progress.streamEnded() else { return }
        waiter = nil
        if loop.isDraining { progress.lastAnswerGiven() }
        goOn()
    }

    func abortStream() {
        guard let context, progress.mode == .streaming else { return }
        waiter = nil
        progress.closed()
        context.close(promise: nil)
    }
}
