import Testing

@testable import cistern_faults

@Suite("Checks of what webhooks are told")
struct WebhookCheckTests {
    @Test("A history in which all goes well breaks no promise, with and without losses")
    func good() {
        let history = [
            told(.state(application: "a", version: token(1)), isTaken: false),
            told(.state(application: "a", version: token(1))), followed(1, .current), followed(1, .other(token(2))),
            followed(2, .other(token(1, "f"))), heard(.made(isNew: true)), heard(.stands(.running)),
            told(end, by: "m2"), told(end, by: "m2"), heard(.stands(.running), asked: 5),
            heard(.stands(.succeeded), asked: 8),
        ]
        for check in Check.all {
            #expect(check.violations(in: history, mayLose: false) == [], "\(check.promise)")
            #expect(check.violations(in: history, mayLose: true) == [], "\(check.promise)")
        }
    }

    private let end = Told.News.ended(OperationName(application: "a", id: "w1"), .succeeded)

    @Test("A signature of other bytes, whatever is lost")
    func signed() {
        #expect(Check.signed.places([told(end), told(end, isSigned: false)], mayLose: true) == [1])
        #expect(Check.signed.places([told(end)]) == [])
    }

    @Test("Another body under the same id, and another id for the same end")
    func oneDelivery() {
        #expect(Check.oneDelivery.places([told(end), told(end, digest: 2)]) == [1])
        #expect(Check.oneDelivery.places([told(end), told(end, by: "m2")]) == [1])
        #expect(Check.oneDelivery.places([told(end), told(end, by: "m2")], mayLose: true) == [])
        #expect(Check.oneDelivery.places([told(end), told(end, isTaken: false)]) == [])
    }

    @Test("An end that nobody else sees, and one that is told before it is so")
    func toldEnds() {
        #expect(Check.toldEnds.places([told(end), heard(.stands(.failed))]) == [0])
        #expect(Check.toldEnds.places([told(end), heard(.stands(.running), asked: 1)]) == [0])
        #expect(Check.toldEnds.places([heard(.stands(.running)), told(end), heard(.stands(.running), asked: 0)]) == [])
        #expect(Check.toldEnds.places([told(end), heard(.stands(.succeeded), asked: 1)]) == [])
    }

    @Test("A version that is told, and a server that has less, or nothing")
    func toldStates() {
        #expect(Check.toldStates.places([followed(2, .other(token(1)))], mayLose: true) == [0])
        #expect(Check.toldStates.places([followed(2, .unknown)]) == [0])
        #expect(Check.toldStates.places([followed(2, .unknown)], mayLose: true) == [])
        #expect(Check.toldStates.places([followed(2, .other(token(3)))]) == [])
    }

    @Test("What was not told when there was time enough")
    func tellings() {
        #expect(Check.tellings.places([.untold(application: "a", seconds: 15, what: ["e-2"])]) == [0])
        #expect(Check.tellings.places([told(end)]) == [])
    }

    private func told(
        _ news: Told.News, by delivery: String = "m1", digest: Int = 1, isSigned: Bool = true, isTaken: Bool = true
    ) -> Event {
        .told(Told(delivery: delivery, news: news, digest: digest, isSigned: isSigned, isTaken: isTaken))
    }

    private func followed(_ version: Int, _ answer: Following) -> Event {
        .followed(application: "a", version: token(version), server: 0, answer)
    }
}
