// Finding elements of an array by value, in one pass over it however many are looked for.

/// A set of values.
struct ElementSearch {
    private let elements: Contents<Element>
    /// The normal forms of the values, if there are too many to compare with one by one. Only asked, never walked
    /// through: the order of a Set is not the same in every process.
    private var normals: Set<[UInt8]> = []

    /// Up to this many values, comparing with each is faster than making normal forms.
    private static let fewElements = 4

    init(_ elements: Contents<Element>) {
        self.elements = elements
        if !isSmall { normals = Set(elements.inOrder.map { Document($0.value).normalized() }) }
    }

    private var isSmall: Bool { elements.count <= Self.fewElements }

    func contains(_ value: Value) -> Bool {
        isSmall
            ? elements.entries.contains { $0.value == value }
            : normals.contains(Document(value).normalized())
    }

    /// The values that are not in `present`, each once, in order.
    mutating func missing(in present: Contents<Element>) -> ContiguousArray<Element> {
        var missing: ContiguousArray<Element> = []
        if isSmall {
            for element in elements.inOrder where !missing.contains(where: { $0.value == element.value }) {
                missing.append(Element(element.value))
            }
            for element in present.inOrder {
                if missing.isEmpty { break }
                missing.removeAll { $0.value == element.value }
            }
        } else {
            for element in present.inOrder { normals.remove(Document(element.value).normalized()) }
            for element in elements.inOrder where normals.remove(Document(element.value).normalized()) != nil {
                missing.append(Element(element.value))
            }
        }
        return missing
    }
}
