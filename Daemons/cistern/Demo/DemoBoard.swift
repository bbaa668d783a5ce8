// The demo's board, as Sources/Pages/Web/demo/model/board.js reads it: whatever is not a board is left out, for anybody may push anything.

import Documents

struct DemoBoard: Equatable {
    struct Card: Equatable {
        let text: String
        let isDone: Bool
    }

    struct Column: Equatable {
        let title: String
        var cards: [Card] = []
    }

    let title: String
    var columns: [Column]

    /// Columns of every board; the state may give them other titles.
    private static let usualColumns = [("ideas", "Ideas"), ("doing", "Doing"), ("done", "Done")]
    /// Behind every key.
    private static let lastKey = String(repeating: "z", count: 8)

    var count: Int { columns.reduce(0) { $0 + $1.cards.count } }

    init(_ state: Document) {
        title = state["title"]?.stringValue ?? ""
        var cards: [[(key: String, id: String, card: Card)]] = Self.usualColumns.map { _ in [] }
        for (id, card) in state["cards"]?.members ?? Document.emptyObject.members {
            guard let text = card["text"]?.stringValue, let column = card["column"]?.stringValue,
                let order = card["order"]?.stringValue
            else { continue }
            let home = Self.usualColumns.firstIndex { $0.0 == column } ?? 0
            let isKey = !order.isEmpty && order.last != "0" && order.utf8.allSatisfy { $0.isAlphanumeric }
            cards[home].append(
                (isKey ? order : Self.lastKey, id, Card(text: text, isDone: card["done"]?.boolValue ?? false)))
        }
        columns = zip(Self.usualColumns, cards).map { column, cards in
            // By bytes, as JavaScript compares these.
            let sorted = cards.sorted { ($0.key, $0.id) < ($1.key, $1.id) }
            return Column(
                title: state["columns"]?[column.0]?["title"]?.stringValue ?? column.1, cards: sorted.map(\.card))
        }
    }
}

extension UInt8 {
    fileprivate var isAlphanumeric: Bool {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            true
        default: false
        }
    }
}
