import SystemSupport
import Testing

@testable import cistern_faults

@Suite("Schedules of faults")
struct ScheduleTests {
    @Test("A seed repeats its schedule, and another one has another")
    func seeds() {
        let one = Schedule(seed: 7, round: 3, length: .seconds(20))
        #expect(one == Schedule(seed: 7, round: 3, length: .seconds(20)))
        #expect(one != Schedule(seed: 8, round: 3, length: .seconds(20)))
        #expect(one != Schedule(seed: 7, round: 4, length: .seconds(20)))
    }

    @Test("Everything goes wrong at some time, nothing twice at a time, and all of it is over at the end")
    func coverage() {
        var kinds: Set<Fault.Kind> = []
        for (round, shape) in (1...50).flatMap({ round in [(round, Shape()), (round, Shape(redis: .replicated))] }) {
            let schedule = Schedule(seed: 1, round: round, length: .seconds(10), shape: shape)
            kinds.formUnion(schedule.faults.map(\.kind))
            #expect(schedule.faults.allSatisfy { $0.at + $0.lasting < .seconds(10) })
            for (resource, faults) in Dictionary(grouping: schedule.faults, by: { $0.resource(in: shape) }) {
                for (one, next) in zip(faults, faults.dropFirst()) {
                    #expect(one.at + one.lasting <= next.at, "\(resource)")
                }
            }
        }
        #expect(kinds == Set(Fault.Kind.allCases))
    }
}
