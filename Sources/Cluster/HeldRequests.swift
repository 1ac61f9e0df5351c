// Requests to a city that changes its worker wait here until it has. There is room for so many a city; each leaves in
// its order when the city is back, or when its deadline is over, or when its asker has left.

package import Basics
package import Wire

package struct HeldRequests: Equatable, Sendable {
    /// Requests that may wait for one city.
    package static let capacityDefault = 1000
    /// The bytes of all that wait, for any city, so that blocks of an import cannot fill the memory.
    package static let bytesMax = 256 << 20

    package struct Held: Equatable, Sendable {
        package let request: Envelope
        package let peer: [UInt8]
        package let deadline: Tick
    }

    private let capacity: Int
    private var cities: [CityID: [Held]] = [:]
    private var bytes = 0

    package init(capacity: Int = HeldRequests.capacityDefault) { self.capacity = capacity }

    /// False: there is no room.
    package mutating func hold(_ request: Envelope, from peer: [UInt8], for city: CityID, deadline: Tick) -> Bool {
        guard cities[city, default: []].count < capacity, bytes + Self.size(request) <= Self.bytesMax else {
            return false
        }
        bytes += Self.size(request)
        cities[city, default: []].append(Held(request: request, peer: peer, deadline: deadline))
        return true
    }

    /// What waits for a city, in the order in which it came; nothing waits for it any more.
    package mutating func take(_ city: CityID) -> [Held] {
        let held = cities.removeValue(forKey: city) ?? []
        for one in held { bytes -= Self.size(one.request) }
        return held
    }

    /// Whose deadline is over (the tick is later than it), by city, in their order.
    package mutating func expire(at tick: Tick) -> [Held] { remove { $0.deadline < tick } }

    /// An asker has left.
    package mutating func forget(peer: [UInt8]) { _ = remove { $0.peer == peer } }

    private mutating func remove(where matches: (Held) -> Bool) -> [Held] {
        var removed: [Held] = []
        for city in cities.keys.sorted() {
            let all = cities[city] ?? []
            removed += all.filter(matches)
            cities[city] = all.filter { !matches($0) }
        }
        for one in removed { bytes -= Self.size(one.request) }
        return removed
    }

    private static func size(_ request: Envelope) -> Int {
        request.bulk.reduce(request.body.count + WireLimits.headerBytes) { $0 + $1.count }
    }
}
