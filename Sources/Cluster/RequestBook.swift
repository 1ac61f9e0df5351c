// Requests that the coordinator passes on to a worker: it must know to whom an answer belongs. Every
// forwarded request gets a number of the coordinator's own, since two askers may use the same one.
// The book is bounded; a full book is an answer (busy), not a queue. Every entry leaves it exactly once:
// by its answer, its deadline, the loss of its worker or the leave of its asker.

package import Basics

/// Whom an answer belongs to: the asker's connection, and the number under which it asked.
package struct Asker: Hashable, Sendable {
    /// The asker's connection.
    package var peer: [UInt8]
    /// Its own number for the request.
    package var id: RequestID

    package init(peer: [UInt8], id: RequestID) {
        self.peer = peer
        self.id = id
    }
}

/// Forwarded requests that wait for their answers.
package struct RequestBook: Equatable, Sendable {
    /// Requests under way before askers are told to wait.
    package static let capacityDefault = 10_000

    private struct Entry: Equatable {
        var asker: Asker
        var worker: WorkerID
        /// nil where it is about none.
        var city: CityID?
        var deadline: Tick
    }

    private let capacity: Int
    private var nextNumber: UInt64
    private var entries: [RequestID: Entry] = [:]
    private var numbers: [Asker: RequestID] = [:]

    /// `firstNumber` must differ far between two lives of the coordinator, or a late answer to the former life is
    /// taken for an answer to this one.
    package init(capacity: Int = RequestBook.capacityDefault, firstNumber: UInt64 = 1) {
        self.capacity = capacity
        nextNumber = firstNumber
    }

    /// Requests that wait.
    package var count: Int { entries.count }

    /// Notes a request and returns the number to forward it under; nil when the book is full. A retry (same asker,
    /// same number) keeps its number, so that the worker can tell it from a new request; worker and deadline become
    /// the new ones.
    package mutating func forward(
        from peer: [UInt8], id: RequestID, to worker: WorkerID, about city: CityID? = nil, deadline: Tick
    ) -> RequestID? {
        let asker = Asker(peer: peer, id: id)
        let entry = Entry(asker: asker, worker: worker, city: city, deadline: deadline)
        if let known = numbers[asker] {
            entries[known] = entry
            return known
        }
        guard entries.count < capacity else { return nil }
        let number = RequestID(nextNumber)
        nextNumber &+= 1
        entries[number] = entry
        numbers[asker] = number
        return number
    }

    /// The answer to a forwarded request came: whose it is. nil: nobody waits any more, drop it.
    package mutating func answer(_ number: RequestID) -> Asker? { remove(number) }

    /// Whose deadline is over (the tick is later than it), in the order in which they asked. O(requests).
    package mutating func expire(at tick: Tick) -> [Asker] { remove { $0.deadline < tick } }

    /// Who waits for a worker that is gone, in the order in which they asked. O(requests).
    package mutating func lost(_ worker: WorkerID) -> [Asker] { remove { $0.worker == worker } }

    /// Whether an answer about a city is waited for, or one about no city in particular. O(requests).
    package func isWaiting(for city: CityID) -> Bool {
        entries.values.contains { $0.city == city || $0.city == nil }
    }

    /// An asker has left or cannot be reached: its answers are wanted no more. O(requests).
    package mutating func forget(peer: [UInt8]) { _ = remove { $0.asker.peer == peer } }

    private mutating func remove(where matches: (Entry) -> Bool) -> [Asker] {
        entries.filter { matches($0.value) }.keys.sorted().compactMap { remove($0) }
    }

    private mutating func remove(_ number: RequestID) -> Asker? {
        guard let entry = entries.removeValue(forKey: number) else { return nil }
        numbers[entry.asker] = nil
        return entry.asker
    }
}
