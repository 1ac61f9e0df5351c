/// A binary heap that gives its greatest element first. For lazy greedy choices: pop, recompute, and push
/// back when something else has become greater. Elements that tie in the choice must differ in order.
package struct MaxHeap<Element: Comparable> {
    private var elements: [Element]

    /// O(count).
    package init(_ elements: [Element]) {
        self.elements = elements
        for parent in stride(from: elements.count / 2 - 1, through: 0, by: -1) { sink(parent) }
    }

    package var count: Int { elements.count }

    /// The greatest element, left in place. O(1).
    package var top: Element? { elements.first }

    /// O(log count).
    package mutating func push(_ element: Element) {
        elements.append(element)
        var child = elements.count - 1
        while child > 0 {
            let parent = (child - 1) / 2
            if elements[child] <= elements[parent] { return }
            elements.swapAt(child, parent)
            child = parent
        }
    }

    /// Takes out the greatest element; nil when there is none. O(log count).
    package mutating func pop() -> Element? {
        guard let last = elements.popLast() else { return nil }
        guard let greatest = elements.first else { return last }
        elements[0] = last
        sink(0)
        return greatest
    }

    private mutating func sink(_ start: Int) {
        var parent = start
        while true {
            var child = 2 * parent + 1
            if child >= elements.count { return }
            if child + 1 < elements.count, elements[child] < elements[child + 1] { child += 1 }
            if elements[child] <= elements[parent] { return }
            elements.swapAt(child, parent)
            parent = child
        }
    }
}

/// A gain that a vertex promises: ordered by gain, then by lower vertex, so that ties have one answer.
package struct Promise: Comparable, Sendable {
    package let gain: Double
    package let vertex: UInt32

    package init(gain: Double, vertex: UInt32) {
        self.gain = gain
        self.vertex = vertex
    }

    package static func < (left: Promise, right: Promise) -> Bool {
        left.gain != right.gain ? left.gain < right.gain : left.vertex > right.vertex
    }
}

extension MaxHeap: Sendable where Element: Sendable {}
