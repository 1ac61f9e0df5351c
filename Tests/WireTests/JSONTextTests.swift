import Basics
import Foundation
import Testing

@testable import Wire

@Suite struct JSONTextTests {
    private let odd = "a \"quoted\" \\ / line\nnext\u{1} \u{1F} é 東京 🙂"

    private func twin(_ view: some Encodable) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        return String(decoding: try encoder.encode(view), as: UTF8.self)
    }

    @Test func recommendationsAreTheBytesOfFoundationsEncoder() throws {
        let numbers: [Float] = [0, -1.5, 2, 3.402e38, 1e-9, 0.1, 12345.678, 1 / 3]
        let reasons = numbers.map { ReasonRow(kind: "tags", features: [odd, ""], effect: $0, text: odd) }
        let asker = AskerRow(version: ModelVersion(.max), isKnown: false, isAway: true)
        let places = PlaceRecommendationsView(
            PlaceRecommendations(
                asker: asker,
                places: numbers.map { PlaceRecommendation(place: PlaceID(.max), score: $0, reasons: reasons) }),
            person: PersonID(7), city: odd)
        #expect(String(decoding: places.json(), as: UTF8.self) == (try twin(places)))
        let people = PeopleRecommendationsView(
            PeopleRecommendations(
                asker: asker,
                people: numbers.map {
                    PersonRecommendation(person: PersonID(1), score: $0, compatible: -$0, attends: $0, reasons: [])
                }), person: PersonID(7), city: "Köln")
        #expect(String(decoding: people.json(), as: UTF8.self) == (try twin(people)))
        let nobody = PeopleRecommendationsView(
            PeopleRecommendations(asker: asker, people: []), person: PersonID(7), city: "")
        #expect(String(decoding: nobody.json(), as: UTF8.self) == (try twin(nobody)))
    }
}
