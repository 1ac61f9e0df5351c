// The feature matrices of a city. What a record states is encoded as stated; what it leaves open is derived
// from the training visits, and from nothing else: a held-out visit that leaked into a preference or a
// popularity would make every measured recall a lie.

import Basics

/// Features and time shares of all vertices of a city.
struct CityFeatures {
    /// [people, 148]
    var people: [Float] = []
    /// [places, 114]
    var places: [Float] = []
    /// [people, 6]
    var personSlots: [Float] = []
    /// [places, 6]
    var placeSlots: [Float] = []
}
