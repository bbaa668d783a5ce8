import HTTPService
import Testing

@Suite("List whose members know their places")
struct PlacedListTests {
    private final class Member {
        var place = -1
    }

    @Test("Each member knows where it stands, whoever has left, and nobody is left out")
    func places() {
        var list = PlacedList<Member> { $0.place = $1 }
        var random = SystemRandomNumberGenerator()
        var there: [Member] = []
        for _ in 0..<2_000 {
            if there.isEmpty || random.next() % 5 < 3 {
                let member = Member()
                there.append(member)
                list.append(member)
            } else {
                let leaving = there.remove(at: Int.random(in: there.indices, using: &random))
                list.remove(at: leaving.place)
            }
            #expect(list.count == there.count)
            #expect(there.allSatisfy { list[$0.place] === $0 })
        }
    }

    @Test("Who goes from the end meets everybody, though each one leaves as it is met")
    func leaving() {
        var list = PlacedList<Member> { $0.place = $1 }
        for _ in 0..<100 { list.append(Member()) }
        var met = 0
        for index in list.indices.reversed() where index < list.count {
            met += 1
            list.remove(at: list[index].place)
        }
        #expect(met == 100 && list.isEmpty)
    }
}
