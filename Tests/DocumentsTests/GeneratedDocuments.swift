// Random documents and patches, the same ones in every run: a failure names the seed that shows it again.

import Documents
import TestSupport

extension SeededNumbers {
    mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
}

/// Writes texts with all the freedom that JSON leaves: escapes, white space, spellings of numbers.
struct DocumentGenerator {
    var random: SeededNumbers
    /// Whether members may be null, which merge patches cannot set.
    var hasNulls = true

    init(seed: UInt64) {
        random = SeededNumbers(seed: seed)
    }

    private static let numbers = [
        "0", "-0", "0.0", "1", "1.0", "1e0", "10e-1", "-1", "12", "1.2e1", "120e-1", "100", "1e2", "1E+2",
        "12345678901234567890", "1e400", "10e399",
        "-1e-400", "3.14159", "1e99999999999999999999",
    ]
    private static let strings = [
        "", "a", #"\u0061"#, "b", "é", #"\u00e9"#, #"e\u0301"#, #"\/"#, "/", "~", #"\"\\"#, #"\n"#, #"\u000a"#, "😀",
        #"\ud83d\ude00"#,
        "a string of more than fourteen bytes", "fourteen bytes", "fifteen bytes..", #"\u0000"#, "0", "1", "-",
    ]

    private mutating func space() -> String { random.pick(["", "", "", "", " ", "\n", "\t\r "]) }

    /// A text of any JSON value.
    mutating func text(depth: Int = 4) -> String {
        let core: String
        switch random.below(depth > 0 ? 10 : 5) {
        case 0: core = hasNulls ? "null" : "true"
        case 1: core = random.pick(["true", "false"])
        case 2: core = random.pick(Self.numbers)
        case 3, 4: core = "\"" + random.pick(Self.strings) + "\""
        case 5, 6: core = array(depth: depth)
        default: core = object(depth: depth)
        }
        return space() + core + space()
    }

    private mutating func size(depth: Int) -> Int {
        random.below(random.below(40) == 0 && depth >= 2 ? 300 : 6)
    }

    mutating func array(depth: Int) -> String {
        "[" + (0..<size(depth: depth)).map { _ in text(depth: depth - 1) }.joined(separator: ",") + "]"
    }

    mutating func object(depth: Int) -> String {
        var names: [[UInt8]: String] = [:]
        for index in 0..<size(depth: depth) {
            let spelling = index < 6 ? random.pick(Self.strings) : "m\(random.below(400))"
            if let name = try? json("\"\(spelling)\"").stringBytes { names[name] = spelling }
        }
        // A dictionary's order is not the same in every run; a random one that depends on the seed alone is.
        let spellings = names.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map(\.value).shuffled(using: &random)
        let members = spellings.map { space() + "\"\($0)\"" + space() + ":" + text(depth: depth - 1) }
        return "{" + members.joined(separator: ",") + "}"
    }

    /// A pointer that mostly leads to something in the document.
    mutating func pointer(in document: Document) -> JSONPointer {
        var pointer = JSONPointer.root
        var place = document
        while random.below(5) > 0 {
            switch place.kind {
            case .array:
                if random.below(8) == 0 { return pointer.appending(random.pick(["-", "x", "00", "\(place.count)"])) }
                guard place.count > 0 else { return pointer.appending("0") }
                let index = random.below(place.count)
                pointer = pointer.appending(index)
                place = place[index] ?? place
            case .object:
                let names = place.members.map(\.name)
                if names.isEmpty || random.below(8) == 0 { return pointer.appending("new\(random.below(100))") }
                let name = random.pick(names)
                pointer = pointer.appending(name)
                place = place[name] ?? place
            case .null, .bool, .number, .string:
                return pointer
            }
        }
        return pointer
    }

    /// A patch of one to four operations, about half of which fit the document.
    mutating func operations(for document: Document) -> Document {
        let names = [
            "add", "add", "remove", "replace", "move", "copy", "test", "increment", "min", "max", "union", "subtract",
            "timestamp",
        ]
        return .array(
            (0...random.below(4)).map { _ in
                let name = random.pick(names)
                var members: [(String, Document)] = [
                    ("op", .string(name)), ("path", .string(pointer(in: document).description)),
                ]
                switch name {
                case "move", "copy": members.append(("from", .string(pointer(in: document).description)))
                case "increment", "min", "max": members.append(("value", .integer(random.below(100))))
                case "union", "subtract": members.append(("value", (try? json(array(depth: 1))) ?? .null))
                default: members.append(("value", (try? json(text(depth: 2))) ?? .null))
                }
                return .object(members)
            })
    }
}
