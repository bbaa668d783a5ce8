// What is made once of a version and given to many.

import Fold

struct MadeOnce<Key: Hashable, Value> {
    /// What was made for another version, or another position of it, serves nobody any more.
    private var served: ServedState?
    private var made: [Key: Value] = [:]
    /// Nearly everybody asks what the one before has asked, and to compare is quicker than to look up.
    private var last: (key: Key, value: Value)?

    mutating func made(for key: Key, of served: ServedState, _ make: () -> Value) -> Value {
        if self.served !== served {
            self.served = served
            made = [:]
        } else if let last, last.key == key {
            return last.value
        }
        let value = made[key] ?? make()
        made[key] = value
        last = (key, value)
        return value
    }
}
