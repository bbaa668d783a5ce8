import SystemSupport
import Testing

@testable import cistern_faults

@Suite("Checks of what is written")
struct WritingCheckTests {
    @Test("A change that is applied twice shows in the list, in the number or in the set")
    func twice() {
        #expect(Check.onlyOnce.places([saw("x", "x")]) == [0])
        for witness in [
            Witness(app: ["a"], n: 2, order: ["x"], set: ["x"]),
            Witness(app: ["a"], n: 2, order: ["x", "x"], set: ["x"]),
            Witness(app: ["a"], n: 1, order: ["x"], set: []),
        ] {
            let sight = Sight(
                client: 1, server: 0, application: "a", version: token(1), position: token(1), digest: 1,
                witness: witness)
            #expect(Check.onlyOnce.places([.saw(sight)]) == [0])
        }
    }

    @Test("Two orders: in one epoch never, beyond it only where changes may be lost")
    func order() {
        #expect(Check.oneOrder.places([saw("x", "y"), saw("y", "x", "z")]) == [1])
        let twoEpochs = [saw("x", "y"), saw("x", "z", "y", at: 3, "f")]
        #expect(Check.oneOrder.places(twoEpochs) == [1])
        #expect(Check.oneOrder.places(twoEpochs, mayLose: true) == [])
        #expect(Check.oneOrder.places([saw("x", "y"), saw("x", at: 3, "f")], mayLose: true) == [])
    }

    @Test("A list that is not in the order of positions, or puts a change before one that was known before it was sent")
    func positions() {
        let crossed = sent("x", "y") + [acknowledged("x", 2), acknowledged("y", 1), saw("x", "y")]
        #expect(Check.orderOfAcknowledgements.places(crossed) == [4])
        #expect(Check.orderOfAcknowledgements.places(crossed, mayLose: true) == [4])
        // The repeat's receipt is an upper bound, so only time tells.
        let late = sent("x") + [acknowledged("x", 1, isNew: false)] + sent("y") + [saw("y", "x")]
        #expect(Check.orderOfAcknowledgements.places(late) == [3])
        #expect(Check.orderOfAcknowledgements.places(late, mayLose: true) == [])
    }

    @Test("Numbered changes of a client out of their order, or with one left out")
    func numbered() {
        #expect(Check.ordersOfClients.places([saw("c~2", "c~1")]) == [0, 0])
        #expect(Check.ordersOfClients.places([saw("c~1", "d~1", "c~3")]) == [0])
        #expect(Check.ordersOfClients.places([saw("c~1", "d~1", "c~2", "x", "c~3")]) == [])
    }

    @Test("A state past a receipt's position without the change, in the receipt's epoch")
    func lost() {
        let history = [acknowledged("x", 1), acknowledged("y", 2), saw("x", at: 2)]
        #expect(Check.nothingLost.places(history) == [2])
        #expect(Check.nothingLost.places(history, mayLose: true) == [2])
        #expect(Check.nothingLost.places([acknowledged("x", 1), saw(at: 2, "f")]) == [])
        #expect(Check.nothingLost.places([acknowledged("x", 2), saw("y", at: 1)]) == [])
    }

    @Test("A change that is appended twice: in one epoch never, in two only where changes may be lost")
    func appendedTwice() {
        #expect(Check.nothingLost.places([acknowledged("x", 1), acknowledged("x", 2)], mayLose: true) == [1])
        let again = [acknowledged("x", 1), acknowledged("x", 1, "f")]
        #expect(Check.nothingVanishes.places(again) == [1])
        #expect(Check.nothingVanishes.places(again, mayLose: true) == [])
        #expect(Check.nothingVanishes.places([acknowledged("x", 1), acknowledged("x", 1, "f", isNew: false)]) == [])
    }

    @Test("An application that is forgotten")
    func forgotten() {
        let history: [Event] = [acknowledged("x", 1), .unknown(application: "a", server: 2, version: token(1))]
        #expect(Check.nothingVanishes.places(history) == [1])
        #expect(Check.nothingVanishes.places(history, mayLose: true) == [])
    }

    @Test("A change that counted, and is not there in a later epoch, where nothing may be lost")
    func vanished() {
        #expect(Check.nothingVanishes.places([acknowledged("x", 1), .quiet(application: "a"), saw(at: 2, "f")]) == [])
        #expect(Check.oneOrder.places([saw("x"), saw("y", "z", at: 2, "f")]) == [1])
    }
}
