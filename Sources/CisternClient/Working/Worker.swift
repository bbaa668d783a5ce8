// Claims operations, one after the other or several at a time.

import Fold
import Logging
import Synchronization

/// Claims operations of some kinds, for as long as it is asked to. May be used from any number of tasks.
///
///     let worker = try client.worker(.init(kinds: ["export"]))
///     try await worker.run { claim in
///         OperationResult(bytes: try await export(claim.input, claim.report), mediaType: "text/csv")
///     }
///
/// An operation may be worked on more than once, by this worker or others: what must not be done twice has to be made so by what it does. When servers are away it
/// asks again, after pauses of half a minute at most.
public final class Worker: AsyncSequence, Sendable {
    public typealias Element = Claim
    public typealias Failure = CisternError

    public struct Options: Sendable, Hashable {
        /// 1 to 16.
        public var kinds: [String]
        /// 1 to 100; nil for all, which takes a token for all.
        public var applications: [String]?
        /// For people.
        public var name: String
        /// How long nobody notices that the worker has died: whole seconds, an hour at most. Heartbeats come at half of it.
        public var lease: Duration
        /// How many operations ``Worker/run(report:_:)`` works on at the same time, 1 to 32.
        public var concurrency: Int

        public init(
            kinds: [String], applications: [String]? = nil, name: String = "w" + TimedID.next(),
            lease: Duration = .seconds(30), concurrency: Int = 1
        ) {
            self.kinds = kinds
            self.applications = applications
            self.name = name
            self.lease = lease
            self.concurrency = concurrency
        }
    }

    /// That a claim waits at the server: below the minute after which proxies end silent requests.
    private static let wait: Duration = .seconds(50)
    /// Before the next claim, if the server did not wait: as many workers do as may, or somebody on the way takes the wait out.
    private static let pauseWithoutWait: Duration = .seconds(1)

    private let options: Options
    private let requests: WorkRequests
    private let draining = Promise<Void>()
    private let isDraining = Mutex(false)
    /// Whether a server has ever answered a claim.
    private let wasHeard = Mutex(false)

    init(_ client: CisternClient, _ options: Options) throws(CisternError) {
        do throws(InvalidIdentifier) {
            _ = try WorkerID(options.name)
            for kind in options.kinds { _ = try OperationKind(kind) }
            for application in options.applications ?? [] { _ = try ApplicationID(application) }
        } catch {
            throw .invalidRequest("\(error)")
        }
        guard (1...16).contains(options.kinds.count),
            options.applications.map({ (1...100).contains($0.count) }) ?? true,
            (1...32).contains(options.concurrency), (.seconds(1)...(.seconds(3_600))).contains(options.lease)
        else {
            throw .invalidRequest(
                "A worker has 1 to 16 kinds, 1 to 100 applications or all, a lease of 1 to 3600 seconds, and works on 1 to 32 operations at a time."
            )
        }
        self.options = options
        requests = WorkRequests(client: client)
    }

    private var clock: RetryClock { requests.client.transport.clock }

    /// Claims nothing any more. What was claimed is worked on to its end; what comes yet is given back.
    public func drain() {
        isDraining.withLock { $0 = true }
        draining.keep(())
    }

    private var isOver: Bool { Task.isCancelled || isDraining.withLock { $0 } }

    // MARK: Several at a time

    /// Works until it is drained, or this task is cancelled: then the tasks of the work are, too, and claims are given back.
    ///
    /// - Parameter report: is told how the work on each claim has ended.
    /// - Throws: ``CisternError/refused(_:)`` if the server does not let it claim. What is under way is worked on to its end first.
    public func run(
        report: @escaping @Sendable (Claim, WorkEnding) -> Void = { _, _ in },
        _ body: @escaping @Sendable (Claim) async throws -> OperationResult
    ) async throws(CisternError) {
        let places = Places(options.concurrency)
        let result = await withDiscardingTaskGroup { group -> Result<Void, CisternError> in
            do throws(CisternError) {
                while let most = await places.free(), !isOver {
                    for claim in try await claims(most) {
                        places.take()
                        group.addTask {
                            report(claim, await claim.work(body))
                            places.giveBack()
                        }
                    }
                }
                return .success(())
            } catch {
                return .failure(error)
            }
        }
        try result.get()
    }

    // MARK: One after the other

    /// Claims for somebody who ends each before the next, or works on them elsewhere. Ends when the worker is drained or the task is cancelled.
    public func makeAsyncIterator() -> Iterator { Iterator(worker: self) }

    public struct Iterator: AsyncIteratorProtocol {
        let worker: Worker

        public mutating func next() async throws(CisternError) -> Claim? { try await next(isolation: #isolation) }

        public mutating func next(isolation actor: isolated (any Actor)?) async throws(CisternError) -> Claim? {
            try await worker.claims(1).first
        }
    }

    // MARK: Claiming

    /// At least one and not more than that; none if it is over.
    private func claims(_ most: Int) async throws(CisternError) -> [Claim] {
        var failures = 0
        while !isOver {
            let began = clock.now()
            let pause: ClosedRange<Duration>
            switch await ask(most) {
            case nil: return []
            case .success(let items):
                wasHeard.withLock { $0 = true }
                failures = 0
                let claims = items.map { Claim($0, asked: began, lease: options.lease, requests: requests) }
                if isOver { return await giveBack(claims) }
                if !claims.isEmpty { return claims }
                if clock.now() - began > Self.wait / 2 { continue }
                pause = Self.pauseWithoutWait...(Self.pauseWithoutWait * 2)
            case .failure(let failure):
                // A token that was never believed does not get better by waiting.
                guard failure.isPassing, wasHeard.withLock({ $0 }) || !failure.isUnauthenticated else {
                    throw failure.error
                }
                failures += 1
                pause = Pause.after(failures: failures, retryAfter: failure.retryAfter)
                requests.client.transport.logger.notice(
                    "No answer to a claim; asking again", metadata: ["reason": "\(failure.error)"])
            }
            let time = pause.lowerBound + (pause.upperBound - pause.lowerBound) * .random(in: 0...1)
            await unlessDrained { [clock] in try? await clock.sleep(time) }
        }
        return []
    }

    /// Nil if it is over meanwhile. What was claimed in that moment is given back by the server, unless its answer was on the way: that runs out.
    private func ask(_ most: Int) async -> Result<[WorkRequests.Item], NoAnswer>? {
        let request = WorkRequests.claim(options, name: options.name, most: most, wait: Self.wait)
        let answer = await unlessDrained { [requests] () async -> Result<[WorkRequests.Item], NoAnswer> in
            do throws(NoAnswer) {
                return .success(try await requests.claim(request))
            } catch {
                return .failure(error)
            }
        }
        switch answer {
        case .failure(let failure)?: return failure.isCancelled ? nil : answer
        case .success?, nil: return answer
        }
    }

    /// What nobody has begun with.
    private func giveBack(_ claims: [Claim]) async -> [Claim] {
        await withTaskGroup(of: Void.self) { group in
            for claim in claims { group.addTask { try? await claim.giveBack() } }
        }
        return []
    }

    /// Cancels the body when the worker is drained.
    @discardableResult
    private func unlessDrained<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) async -> Value? {
        await withTaskGroup(of: Value?.self) { group in
            group.addTask { await body() }
            group.addTask {
                await self.draining.value()
                return nil
            }
            defer { group.cancelAll() }
            while let next = await group.next() {
                if let next { return next }
                group.cancelAll()
            }
            return nil
        }
    }
}
