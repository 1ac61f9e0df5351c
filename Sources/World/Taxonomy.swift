// The words that people and places are described with. The order is part of the data format: a
// preference or a tag travels as its index, so a word may be appended but never moved or removed.

/// The fixed vocabularies of categories, fine tags, vibes and time slots.
package enum Taxonomy {
    /// The six coarse categories, by index.
    package static let categories = ["entertainment", "sports", "clubs", "dining", "outdoors", "culture"]

    /// The 100 fine tags, by index. Each belongs to one category: see `category(ofFineTag:)`.
    package static let fineTags: [String] = families.flatMap { $0.tags }

    /// The 30 vibes of a personality, by index.
    package static let vibes = [
        "introvert", "extrovert", "party", "fitness", "artsy",
        "night_owl", "early_bird", "foodie", "adventurous", "chill",
        "intellectual", "spontaneous", "planner", "social", "independent",
        "romantic", "competitive", "curious", "nostalgic", "trendy",
        "outdoorsy", "homebody", "playful", "mindful", "musical",
        "techie", "family_minded", "thrifty", "luxury", "volunteer",
    ]

    /// The six time slots: four of a working day, two of the weekend. See `Timestamp.slot`.
    package static let timeSlots = ["morning", "afternoon", "evening", "night", "weekend_day", "weekend_night"]

    /// The four parts of a day, as features of a visit. See `Timestamp.timeOfDay`.
    package static let timesOfDay = ["morning", "afternoon", "evening", "night"]

    /// The two kinds of day, as features of a visit. See `Timestamp.dayOfWeek`.
    package static let daysOfWeek = ["weekday", "weekend"]

    /// Price bands are the numbers 0 (cheapest) to 4.
    package static let priceBands = 5

    /// The coarse category, 0..<6, that a fine tag belongs to. `tag` is an index into `fineTags`.
    package static func category(ofFineTag tag: Int) -> Int { categoryOfTag[tag] }

    /// The fine tags of one coarse category, ascending: 16 or 17 of them.
    package static func fineTags(ofCategory category: Int) -> [Int] { tagsOfCategory[category] }

    private static let categoryOfTag: [Int] = families.flatMap { family in family.tags.map { _ in family.category } }

    private static let tagsOfCategory: [[Int]] = categories.indices.map { category in
        fineTags.indices.filter { categoryOfTag[$0] == category }
    }
}

extension Taxonomy {
    /// A run of neighbouring fine tags that share a category.
    private struct Family {
        var category: Int
        var tags: [String]
    }

    /// The fine tags in order. The first twenty come in the order in which the specification shows
    /// them, hence in short runs; the other eighty follow by category.
    private static let families = [
        Family(category: 4, tags: ["fishing"]),
        Family(category: 1, tags: ["bouldering"]),
        Family(category: 2, tags: ["techno"]),
        Family(category: 0, tags: ["live_music", "board_games"]),
        Family(category: 2, tags: ["rooftop"]),
        Family(category: 3, tags: ["brunch"]),
        Family(category: 0, tags: ["karaoke"]),
        Family(category: 2, tags: ["jazz"]),
        Family(category: 0, tags: ["trivia"]),
        Family(category: 3, tags: ["wine_tasting"]),
        Family(category: 0, tags: ["comedy"]),
        Family(category: 5, tags: ["art_gallery", "theater"]),
        Family(category: 2, tags: ["dance"]),
        Family(category: 5, tags: ["pottery"]),
        Family(category: 1, tags: ["yoga", "crossfit", "rock_climbing"]),
        Family(category: 4, tags: ["cycling"]),
        Family(
            category: 0,
            tags: [
                "cinema", "arcade", "escape_room", "bowling", "billiards", "magic_show",
                "open_mic", "video_games", "theme_park", "casino", "circus", "festival",
            ]),
        Family(
            category: 1,
            tags: [
                "badminton", "basketball", "football", "tennis", "swimming", "running", "boxing",
                "martial_arts", "volleyball", "table_tennis", "pilates", "ice_skating", "gym",
            ]),
        Family(
            category: 2,
            tags: [
                "house_music", "hip_hop", "salsa", "cocktail_bar", "lounge", "drag_show",
                "disco", "latin_night", "speakeasy", "pub_crawl", "dive_bar", "afterparty",
            ]),
        Family(
            category: 3,
            tags: [
                "ramen", "sushi", "pizza", "tapas", "street_food", "barbecue", "vegan", "bakery",
                "coffee", "craft_beer", "fine_dining", "seafood", "dessert", "curry", "tea_house",
            ]),
        Family(
            category: 4,
            tags: [
                "hiking", "kayaking", "surfing", "sailing", "camping", "picnic", "birdwatching",
                "horse_riding", "skiing", "beach", "gardening", "dog_park", "stargazing", "farmers_market",
            ]),
        Family(
            category: 5,
            tags: [
                "museum", "opera", "ballet", "classical_music", "poetry", "book_club", "photography",
                "history_tour", "architecture", "film_club", "painting", "lecture", "language_exchange", "crafts",
            ]),
    ]
}
