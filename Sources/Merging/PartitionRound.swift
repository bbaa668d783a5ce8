import ChangeLog

/// Asks Redis the same about many partitions.
enum PartitionRound {
    /// Questions that are under way at once: a round takes a few round trips rather than one for each partition, and a change that is
    /// pushed meanwhile waits behind no more scripts than this.
    static let width = 16

    static func ask<Answer: Sendable>(
        _ partitions: [Partition], _ question: @escaping @Sendable (Partition) async -> Answer
    ) async -> [(partition: Partition, answer: Answer)] {
        await withTaskGroup(of: (partition: Partition, answer: Answer).self) { group in
            var answers: [(partition: Partition, answer: Answer)] = []
            for (index, partition) in partitions.enumerated() {
                if index >= width, let answer = await group.next() { answers.append(answer) }
                group.addTask { (partition, await question(partition)) }
            }
            for await answer in group { answers.append(answer) }
            return answers
        }
    }
}
