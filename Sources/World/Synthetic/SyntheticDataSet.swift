// A made-up world whose people behave for reasons: they go where their taste, their part of town,
// their friends and, a little, the crowd take them. A model can learn it, and because everything
// comes from one seed, it can be made again anywhere. Specification section 7.

package import Basics

/// How large a made-up world is.
package struct SyntheticConfiguration: Equatable, Sendable {
    /// At least one per city.
    package var people: Int
    /// At least one per city.
    package var places: Int
    package var cities: Int
    package var neighborhoodsPerCity: Int
    package var visitsPerPerson: Int
    /// The same seed and sizes give the same world.
    package var seed: UInt64

    package init(
        people: Int, places: Int, cities: Int, neighborhoodsPerCity: Int = 15, visitsPerPerson: Int = 60,
        seed: UInt64 = 1
    ) {
        self.people = people
        self.places = places
        self.cities = cities
        self.neighborhoodsPerCity = neighborhoodsPerCity
        self.visitsPerPerson = visitsPerPerson
        self.seed = seed
    }

    /// Throws the first setting that is out of its range.
    package func validate() throws(ImportError) {
        try check("cities", cities, 1...10_000)
        try check("people", people, cities...10_000_000)
        try check("places", places, cities...10_000_000)
        try check("neighborhoods per city", neighborhoodsPerCity, 1...1_000)
        try check("visits per person", visitsPerPerson, 0...10_000)
    }

    private func check(_ name: String, _ value: Int, _ valid: ClosedRange<Int>) throws(ImportError) {
        guard valid.contains(value) else {
            let rule = "\(valid.lowerBound)...\(valid.upperBound)"
            throw .badSetting(name: "number of \(name)", value: value, rule: rule)
        }
    }
}

/// The made-up world as a data set. Made anew by each reading: O(people × (places of their
/// city + visits)). Validates its configuration when used.
package struct SyntheticDataSet: DataSet {
    private let configuration: SyntheticConfiguration

    package init(_ configuration: SyntheticConfiguration) { self.configuration = configuration }

    package func cityNames() throws(ImportError) -> [String] {
        try configuration.validate()
        return (0..<configuration.cities).map(SyntheticCities.name)
    }

    package func read(
        cities: [String: CityID], emit: (CityID, Record) throws -> Void, reject: (Reject) throws -> Void,
        progress: (Double) -> Void
    ) throws {
        var numbers: [CityID] = []
        for name in try cityNames() {
            guard let number = cities[name] else { throw ImportError.unknownCity(name) }
            numbers.append(number)
        }
        let made = 0.3
        let world = SyntheticWorld(configuration, cities: numbers)
        progress(made)
        try world.emitAll(emit, progress, from: made)
        progress(1)
    }
}
