import Testing
import World

@Suite struct TaxonomyTests {
    @Test func theVocabulariesHaveTheirSizesAndNoWordTwice() {
        #expect(Taxonomy.categories.count == 6 && Taxonomy.timeSlots.count == TimeSlot.count)
        #expect(Taxonomy.timesOfDay.count == 4 && Taxonomy.daysOfWeek.count == 2)
        #expect(Taxonomy.fineTags.count == 100 && Set(Taxonomy.fineTags).count == 100)
        #expect(Taxonomy.vibes.count == 30 && Set(Taxonomy.vibes).count == 30)
    }

    @Test func theSpecifiedWordsComeFirstAndInOrder() {
        #expect(
            Taxonomy.fineTags.prefix(20) == [
                "fishing", "bouldering", "techno", "live_music", "board_games",
                "rooftop", "brunch", "karaoke", "jazz", "trivia",
                "wine_tasting", "comedy", "art_gallery", "theater", "dance",
                "pottery", "yoga", "crossfit", "rock_climbing", "cycling",
            ])
        #expect(
            Taxonomy.vibes.prefix(15) == [
                "introvert", "extrovert", "party", "fitness", "artsy",
                "night_owl", "early_bird", "foodie", "adventurous", "chill",
                "intellectual", "spontaneous", "planner", "social", "independent",
            ])
    }

    @Test func everyCategoryHasAFamilyOfSixteenOrSeventeenTags() {
        for category in Taxonomy.categories.indices {
            let tags = Taxonomy.fineTags(ofCategory: category)
            #expect((16...17).contains(tags.count), "\(Taxonomy.categories[category]) has \(tags.count)")
            #expect(tags.allSatisfy { Taxonomy.category(ofFineTag: $0) == category })
        }
    }

    @Test(arguments: [
        ("fishing", "outdoors"), ("techno", "clubs"), ("theater", "culture"), ("brunch", "dining"),
        ("bouldering", "sports"), ("comedy", "entertainment"), ("crafts", "culture"),
    ])
    func aTagBelongsToTheCategoryOneExpects(tag: String, category: String) throws {
        let index = try #require(Taxonomy.fineTags.firstIndex(of: tag))
        #expect(Taxonomy.categories[Taxonomy.category(ofFineTag: index)] == category)
    }
}
