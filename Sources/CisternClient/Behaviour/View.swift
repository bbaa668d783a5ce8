// What people see: the server's state with everything pending applied to it. What cannot be applied shows nothing; it is sent all the same.

import Documents
import Fold

struct View: Sendable {
    /// Nil if there is neither a state nor a change that shows.
    private(set) var value: Document?
    /// Counts how often it has become another.
    private(set) var revision = 0
    /// How many changes it was made of.
    private var count = 0

    init(_ held: Held, _ items: [PendingChange]) {
        value = held.now?.value
        apply(items, on: held)
    }

    /// After a step: pending changes are applied anew to another state, and only what has come is to the same.
    ///
    /// - Parameter isOther: whether the state is another, or changes have gone.
    mutating func follow(_ held: Held, _ items: [PendingChange], isOther: Bool) {
        if isOther {
            value = held.now?.value
            count = 0
        } else if items.count == count {
            return
        }
        apply(items, on: held)
        revision += 1
    }

    private mutating func apply(_ items: [PendingChange], on held: Held) {
        for index in count..<items.count {
            guard let patch = items[index].patch, Self.mayApply(items[index], at: index, on: held) else { continue }
            var next = value ?? .emptyObject
            do { try next.apply(patch, time: items[index].time, limits: Document.unlimited) } catch {
                // The server will say why.
                continue
            }
            value = next
        }
        count = items.count
    }

    /// A condition is about what precedes the change in the log; of that, this client knows its own changes only.
    private static func mayApply(_ item: PendingChange, at index: Int, on held: Held) -> Bool {
        switch item.condition {
        case nil, .exists: true
        case .isNew: held.now == nil && index == 0
        case .version(let version): index == 0 && held.version == version.token
        }
    }
}
