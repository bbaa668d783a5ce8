// Which partitions a daemon should work on, from who is alive and what it holds: pure, so that every daemon comes to the same
// division without talking to the others.

struct PartitionShare: Equatable {
    /// How many partitions are this daemon's part.
    let target: Int
    /// All partitions, in the order in which this daemon should try to take them: it begins at its own place, so that daemons that
    /// start together do not race for the same ones.
    let preference: [Int]

    init(of daemon: String, among daemons: [String], partitions: Int) {
        let sorted = Set(daemons + [daemon]).sorted()
        let index = sorted.firstIndex(of: daemon) ?? 0
        let (share, rest) = partitions.quotientAndRemainder(dividingBy: sorted.count)
        target = share + (index < rest ? 1 : 0)
        let start = index * share + min(index, rest)
        preference = (0..<partitions).map { (start + $0) % partitions }
    }

    /// What to give back: the partitions above the target, least preferred first.
    func surplus(of held: Set<Int>) -> [Int] {
        guard held.count > target else { return [] }
        return Array(preference.reversed().filter(held.contains).prefix(held.count - target))
    }

    /// What to try to take, in this order, until the target is reached.
    func wanted(besides held: Set<Int>) -> [Int] {
        held.count < target ? preference.filter { !held.contains($0) } : []
    }
}
