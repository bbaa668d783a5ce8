/// States and patches, the same in every run.
enum Board {
    /// Merge patches for a state of so many bytes: mostly one member of one card, now and then a card that goes or comes.
    static func patches(_ count: Int, bytes: Int) -> [String] {
        // As many cards as `state` makes, about.
        let cards = max(1, bytes / 75)
        var dice = Dice()
        return (0..<count).map { number in
            let name = "card\(dice.roll(cards).digits(6))"
            return switch dice.roll(20) {
            case 0: #"{"\#(name)":null}"#
            case 1: #"{"\#(name)":{"done":false,"text":"Card \#(number), made anew","votes":\#(dice.roll(90) + 10)}}"#
            case 2..<6: #"{"\#(name)":{"done":\#(dice.roll(2) == 0)}}"#
            default: #"{"\#(name)":{"votes":\#(dice.roll(90) + 10)}}"#
            }
        }
    }

    /// A board of cards in canonical JSON, as long as asked for to the byte.
    static func state(bytes: Int) -> String {
        var cards: [String] = []
        var length = 2
        while length < bytes - 130 {
            let number = cards.count
            let card =
                #""card\#(number.digits(6))":{"done":false,"text":"Card \#(number) of the board","votes":\#(number % 90 + 10)}"#
            cards.append(card)
            length += card.utf8.count + 1
        }
        let padding = bytes - length - #""filler":"""#.utf8.count
        cards.append(#""filler":"\#(String(repeating: "x", count: max(0, padding)))""#)
        return "{\(cards.joined(separator: ","))}"
    }
}

extension Int {
    /// With zeros in front.
    func digits(_ count: Int) -> String {
        let text = String(self)
        return String(repeating: "0", count: Swift.max(0, count - text.count)) + text
    }
}

/// Chance that is the same in every run (Numerical Recipes' linear congruential generator).
struct Dice {
    private var state: UInt64 = 42

    mutating func roll(_ sides: Int) -> Int {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return Int(state >> 33) % sides
    }
}
