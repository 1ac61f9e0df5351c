// The layout in which papers on collaborative filtering share their data: train.txt and test.txt, one line for each
// user, `user item item ...`, numbers apart by blanks. It knows no cities, times or friends: everything lies in one
// city, a user's items are attended visits an hour apart in their order, train before test, so that "the last" means
// what the authors held out when the lines are chronological, and nothing when they are not.

package import Basics

/// A LightGCN folder as one city.
package struct LightGCNDataSet: DataSet {
    static let trainFile = "train.txt"
    static let testFile = "test.txt"

    private let directory: String
    private let city: String

    /// `city` is the name of the city to which all rows belong.
    package init(directory: String, city: String) {
        self.directory = directory
        self.city = city
    }

    package func outline() throws(ImportError) -> [CityOutline] {
        try requireFiles([Self.trainFile, Self.testFile], in: directory)
        return [CityOutline(name: city, size: 1)]
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        try requireFiles([Self.trainFile, Self.testFile], in: directory)
        guard let number = cities[city] else { throw ImportError.unknownCity(city) }
        var reading = LightGCNReading(city: number)
        for file in [Self.trainFile, Self.testFile] {
            try reading.read(file, try bytes(ofFile: "\(directory)/\(file)"), reject)
        }
        try reading.rows.emitAll(to: [number], emit, progress)
    }
}

private struct LightGCNReading {
    /// Monday 2018-01-01 00:00 UTC; any other would do.
    private static let start: Int64 = 1_514_764_800_000

    let city: CityID
    private(set) var rows = CheckIns()
    private var placeIndex = NumberIndex()
    private var rowsOfPerson: [Int] = []
    /// Hours up to the year 2100.
    private static let rowsPerPersonMax = 700_000

    init(city: CityID) { self.city = city }

    mutating func read(_ file: String, _ bytes: [UInt8], _ reject: (Reject) throws -> Void) throws {
        var line = 0
        var position = 0
        var numbers: [UInt64] = []
        while position < bytes.count {
            line += 1
            var stop = position
            while stop < bytes.count && bytes[stop] != UInt8(ascii: "\n") { stop += 1 }
            do throws(RowFault) {
                try cut(bytes.span.extracting(position..<stop), into: &numbers)
                try add(numbers)
            } catch {
                try reject(Reject(file: file, line: line, reason: error.reason))
            }
            position = stop + 1
        }
    }

    /// The numbers of one line.
    private func cut(_ text: Span<UInt8>, into numbers: inout [UInt64]) throws(RowFault) {
        numbers.removeAll(keepingCapacity: true)
        var index = 0
        while index < text.count {
            if text[index] == 32 || text[index] == 9 || text[index] == 13 {
                index += 1
                continue
            }
            var value: UInt64 = 0
            let first = index
            while index < text.count, text[index] &- 48 <= 9, index - first < 19 {
                value = value &* 10 &+ UInt64(text[index] &- 48)
                index += 1
            }
            guard index > first, index == text.count || text[index] == 32 || text[index] == 9 || text[index] == 13
            else {
                throw RowFault(reason: "entry \(numbers.count + 1) is not a whole number of at most 19 digits")
            }
            numbers.append(value)
        }
    }

    /// A user and their items; a user without items is a person too.
    private mutating func add(_ numbers: [UInt64]) throws(RowFault) {
        guard let user = numbers.first else { return }
        let before = rows.people.position(of: user).map { rowsOfPerson[Int($0)] } ?? 0
        guard before + numbers.count - 1 <= Self.rowsPerPersonMax else {
            throw RowFault(reason: "user \(user) has more than \(Self.rowsPerPersonMax) items")
        }
        let person = rows.people.added(user)
        if Int(person) == rowsOfPerson.count {
            rows.people.homes.append(0)
            rowsOfPerson.append(0)
        }
        for item in numbers.dropFirst() {
            let place = placeIndex[item] ?? rows.places.count
            if placeIndex.insert(item, place) { rows.places.append((0, Place(id: PlaceID(item), city: city))) }
            let hour = Int64(rowsOfPerson[Int(person)])
            rows.visits.append(
                CheckIns.Visit(
                    time: Self.start + hour * CheckIns.hourMilliseconds, person: person, place: UInt32(place)))
            rowsOfPerson[Int(person)] += 1
        }
    }
}
