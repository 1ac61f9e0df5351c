package import Basics

/// How much of a person's time goes to one neighbourhood of their home city.
package struct AreaFrequency: Equatable, Sendable {
    /// The neighbourhood's number within the person's home city.
    package var neighborhood: UInt16
    /// Share of the person's time, 0...1; the shares of one person sum to one.
    package var weight: Float

    package init(neighborhood: UInt16, weight: Float) {
        self.neighborhood = neighborhood
        self.weight = weight
    }
}

/// Someone who goes out: where they live, what they like, and how active they are.
///
/// The same record is kept by every city the person has to do with. Where `homeCity` is another
/// city than the shard's, the person is a halo copy there.
package struct Person: Equatable, Sendable {
    package var id: PersonID
    package var homeCity: CityID
    /// Number of the neighbourhood within the home city; 0 also where nothing is known.
    package var homeNeighborhood: UInt16
    /// Weight of each coarse category: 6 entries that sum to one, or empty where unknown.
    package var categoryPreference: [Float]
    /// Weight of each fine tag: 100 entries that sum to one, or empty where unknown.
    package var finePreference: [Float]
    /// Weight of each vibe: 30 entries that sum to one, or empty where unknown.
    package var vibePreference: [Float]
    /// Neighbourhoods of the home city with their share; empty where unknown.
    package var areaFrequencies: [AreaFrequency]
    /// Mean number of sessions in the app per week; 0 where unknown, as the four below.
    package var sessionsPerWeek: Float
    package var viewsPerSession: Float
    package var likesPerSession: Float
    package var savesPerSession: Float
    package var attendsPerMonth: Float
    /// Which of six bands of age, 0...5, youngest first; nil where unknown.
    package var ageGroup: UInt8?
    /// One of three numbers, 0...2, whose meaning is the app's; nil where unknown.
    package var gender: UInt8?

    /// A person of whom nothing but the home is known, unless more is given.
    package init(
        id: PersonID, homeCity: CityID, homeNeighborhood: UInt16 = 0, categoryPreference: [Float] = [],
        finePreference: [Float] = [], vibePreference: [Float] = [], areaFrequencies: [AreaFrequency] = [],
        sessionsPerWeek: Float = 0, viewsPerSession: Float = 0, likesPerSession: Float = 0,
        savesPerSession: Float = 0, attendsPerMonth: Float = 0, ageGroup: UInt8? = nil, gender: UInt8? = nil
    ) {
        self.id = id
        self.homeCity = homeCity
        self.homeNeighborhood = homeNeighborhood
        self.categoryPreference = categoryPreference
        self.finePreference = finePreference
        self.vibePreference = vibePreference
        self.areaFrequencies = areaFrequencies
        self.sessionsPerWeek = sessionsPerWeek
        self.viewsPerSession = viewsPerSession
        self.likesPerSession = likesPerSession
        self.savesPerSession = savesPerSession
        self.attendsPerMonth = attendsPerMonth
        self.ageGroup = ageGroup
        self.gender = gender
    }
}
