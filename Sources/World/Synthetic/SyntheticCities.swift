#if canImport(Glibc)
import Glibc
#else
import Darwin
#endif

/// Names and sizes of made-up cities.
enum SyntheticCities {
    private static let names = [
        "Aarhus", "Bergen", "Cork", "Dresden", "Eindhoven", "Faro", "Ghent", "Haarlem", "Innsbruck", "Jena",
        "Kaunas", "Leuven", "Malaga", "Nantes", "Odense", "Porto", "Quimper", "Rostock", "Salzburg", "Tampere",
        "Utrecht", "Valencia", "Wroclaw", "Xanten", "York", "Zadar", "Antwerp", "Bologna", "Coimbra", "Delft",
        "Espoo", "Florence", "Graz", "Heidelberg", "Izola", "Jyvaskyla", "Krakow", "Lyon", "Maribor", "Namur",
    ]

    /// The name of a city by its number; after the list it starts again as "Aarhus 2".
    static func name(_ number: Int) -> String {
        let name = names[number % names.count]
        return number < names.count ? name : "\(name) \(number / names.count + 1)"
    }

    /// Where each city's share of `total` starts, and the end: city c has `result[c]..<result[c + 1]`.
    /// Each has at least one; beyond that the sizes fall as rank to the power -0.8. `total` >= `cities`.
    static func shares(of total: Int, among cities: Int) -> [Int] {
        let weights = (0..<cities).map { pow(Double($0 + 1), -0.8) }
        let sum = weights.reduce(0, +)
        var starts = [0]
        var before = 0.0
        for (city, weight) in weights.enumerated() {
            before += weight
            starts.append(city + 1 + Int((before / sum * Double(total - cities)).rounded()))
        }
        starts[cities] = total
        return starts
    }
}
