/// How large a made-up world is.
package struct SyntheticConfiguration: Equatable, Sendable {
    /// At least one per city.
    package var people: Int
    /// At least one per city.
    package var places: Int
    package var cities: Int
    package var neighborhoodsPerCity: Int
    /// The mean: the busy have up to four times as many, the idle a fifth.
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
