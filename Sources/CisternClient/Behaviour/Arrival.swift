// What comes from servers about the state, and what it means for the way it came, or was asked for beside.

import Fold

extension ClientState {
    private mutating func socketGone() {
        forgetSocketPushes()
        if presence.over == .socket { presence.over = nil }
    }

    mutating func closed(_ way: Way, isFinal: Bool, retryAfter: Duration) {
        guard way == delivery.way, delivery.phase != .idle else { return }
        failed(retryAfter: retryAfter, isFinal: isFinal)
        socketGone()
    }

    /// An open socket may just have nothing to say; events, or what does not open, are dead.
    mutating func silent() {
        if delivery.isOpenSocket { return act(.poll(.silence, have: held.have)) }
        failed()
        socketGone()
    }

    /// The poll about a silent socket has shown that it is dead. The answer may come when the socket is gone for another reason.
    private mutating func socketIsDead(retryAfter: Duration = .zero) {
        guard delivery.isOpenSocket else { return }
        failed(retryAfter: retryAfter)
        socketGone()
    }

    /// Streams say who is here only if they were opened for that.
    mutating func watchPresence() {
        if presence.isWanted { return }
        presence.isWanted = true
        if delivery.phase == .idle { return }
        close()
        socketGone()
        open()
    }

    /// A poll that was not answered, or by an error.
    mutating func pollFailed(_ purpose: PollPurpose, _ failing: Failing) {
        guard isOnline else { return }
        switch purpose {
        case .way: failed(retryAfter: failing.retryAfter)
        case .probe: unreachable(retryAfter: failing.retryAfter)
        case .silence: socketIsDead(retryAfter: failing.retryAfter)
        case .settle where failing.error?.slug == "epoch-changed":
            // Without a position, and with a version of the old epoch: that makes the server look again and show the new one.
            act(.poll(.look, have: held.have))
        case .settle, .look: settleLater(retryAfter: failing.retryAfter)
        }
    }

    private mutating func settleLater(retryAfter: Duration = .zero) {
        settleFailures += 1
        let pause = Pause.after(failures: settleFailures, retryAfter: retryAfter)
        set(.settle, between: max(pause.lowerBound, Self.settleAfter)...max(pause.upperBound, Self.settleAfter))
    }

    /// A server has said what the state is.
    mutating func arrived(_ told: Told, _ purpose: PollPurpose?) {
        // What a stream that was closed still had to say comes too late.
        if purpose == nil, delivery.phase != .open { return }
        let before = held.version
        let verdict: Held.Verdict
        if case .unknown = told.content {
            leave()
            verdict = .taken
        } else {
            verdict = isLeftToWay(told, purpose) ? .behind : held.receive(told)
        }
        problem = nil
        if verdict == .strange {
            if !isSet(.return) { set(.return, after: Held.returnAfter) }
        } else if held.strange == nil {
            cancel(.return)
        }
        // Nothing is dropped or sent again for an answer that is not believed.
        if verdict == .taken {
            if held.now != nil { exists = true }
            settle()
        }
        follow(told, purpose, verdict, before)
    }

    /// News in the answer to a question beside a stream: that brings them too, from the version that it has told last.
    private func isLeftToWay(_ told: Told, _ purpose: PollPurpose?) -> Bool {
        purpose == .settle && delivery.phase == .open && delivery.way != .short && held.isNews(told)
    }

    private mutating func leave() {
        held.leave()
        held.isWhole = true
        exists = false
    }

    /// What the answer means for the way it came, or was asked beside.
    private mutating func follow(
        _ told: Told, _ purpose: PollPurpose?, _ verdict: Held.Verdict, _ before: VersionToken?
    ) {
        guard isOnline else { return }
        switch purpose {
        case nil:
            heard()
            if verdict != .taken {
                reopen()
                socketGone()
            }
        case .way: polled(told, verdict)
        case .probe: reachable()
        case .silence:
            // News that the socket should have brought: it is dead, without anybody having noticed.
            if held.version != before { return socketIsDead() }
            if delivery.phase == .open { heard() }
        case .settle, .look:
            settleFailures = 0
            if !queue.isSettled { settleLater() }
        }
    }
}
