// Rows as records. Slots are the places of columns in `TableKind.columns`; each function here reads one table's
// columns in that order. What the records' own rules forbid is a fault as well.

import Basics

extension TableReader {
    func person(home: CityID) throws(RowFault) -> Person {
        let person = Person(
            id: PersonID(try identifier(0)), homeCity: home, homeNeighborhood: try whole(2) ?? 0,
            categoryPreference: try vector(3, .categories), finePreference: try vector(4, .fineTags),
            vibePreference: try vector(5, .vibes), areaFrequencies: try weights(6),
            sessionsPerWeek: try decimal(7) ?? 0, viewsPerSession: try decimal(8) ?? 0,
            likesPerSession: try decimal(9) ?? 0, savesPerSession: try decimal(10) ?? 0,
            attendsPerMonth: try decimal(11) ?? 0, ageGroup: try whole(12), gender: try whole(13))
        do throws(ValidationError) { try person.validate() } catch { throw RowFault(reason: "\(error)") }
        return person
    }

    func place(city: CityID) throws(RowFault) -> Place {
        var place = Place(
            id: PlaceID(try identifier(0)), city: city, neighborhood: try whole(2) ?? 0,
            categories: try vector(3, .categories), fineTags: try vector(4, .fineTags),
            priceBand: try whole(5) ?? 0, typicalSlot: try whole(6) ?? 0)
        let (daily, conversion, novelty) = (try decimal(8), try decimal(9), try decimal(10))
        if let base = try decimal(7) {
            guard base.isFinite, base >= 0 else {
                throw RowFault(reason: "base_popularity is \(base), it must be a finite number from 0 up")
            }
            place.popularity = PlacePopularity(
                base: base, dailyVisits: daily ?? 0, conversionRate: conversion ?? 0,
                novelty: novelty ?? PlacePopularity.novelty(ofBase: base))
        } else if daily != nil || conversion != nil || novelty != nil {
            throw RowFault(reason: "base_popularity is missing beside other measures of popularity")
        }
        do throws(ValidationError) { try place.validate() } catch { throw RowFault(reason: "\(error)") }
        return place
    }

    func visit() throws(RowFault) -> Visit {
        guard let time = try time(8) else { throw RowFault(reason: "timestamp is missing") }
        let visit = Visit(
            person: PersonID(try identifier(0)), place: PlaceID(try identifier(1)), time: time,
            dwellSeconds: try decimal(3) ?? 0, likes: try whole(4) ?? 0, saves: try whole(5) ?? 0,
            shares: try whole(6) ?? 0, attended: try flag(7) ?? false)
        do throws(ValidationError) { try visit.validate() } catch { throw RowFault(reason: "\(error)") }
        return visit
    }

    func friendship() throws(RowFault) -> Friendship {
        let (first, second) = try pair()
        let friendship = Friendship(
            first: first, second: second, interestOverlap: try decimal(2) ?? 0, coAttendance: try whole(3) ?? 0,
            sharedNeighborhoods: try decimal(4) ?? 0)
        do throws(ValidationError) { try friendship.validate() } catch { throw RowFault(reason: "\(error)") }
        return friendship
    }

    func friendLabel() throws(RowFault) -> FriendLabel {
        let (first, second) = try pair()
        guard let isCompatible = try flag(2) else { throw RowFault(reason: "label_compat is missing") }
        guard let attends = try flag(3) else { throw RowFault(reason: "label_attend is missing") }
        let label = FriendLabel(first: first, second: second, isCompatible: isCompatible, attends: attends)
        do throws(ValidationError) { try label.validate() } catch { throw RowFault(reason: "\(error)") }
        return label
    }

    /// Two people, the smaller number first, in whichever order the row has them.
    private func pair() throws(RowFault) -> (first: PersonID, second: PersonID) {
        let (one, other) = (PersonID(try identifier(0)), PersonID(try identifier(1)))
        guard one != other else { throw RowFault(reason: "user_u and user_v are the same person, \(one)") }
        return one < other ? (one, other) : (other, one)
    }

    func gathering(city: CityID) throws(RowFault) -> Gathering {
        let kindName = try text(1, bytesMax: 20) ?? Gathering.Kind.event.name
        guard let kind = Gathering.Kind(name: kindName) else {
            throw RowFault(reason: "kind is '\(kindName)', it must be event or gig")
        }
        let statusName = try text(12, bytesMax: 20) ?? Gathering.Status.scheduled.name
        guard let status = Gathering.Status(name: statusName) else {
            throw RowFault(reason: "status is '\(statusName)', it must be scheduled, cancelled or finished")
        }
        guard let start = try time(6) else { throw RowFault(reason: "start is missing") }
        let host: UInt64? = field(5) == nil ? nil : try identifier(5)
        let gathering = Gathering(
            id: GatheringID(try identifier(0)), city: city, place: PlaceID(try identifier(4)), kind: kind,
            title: try text(2, bytesMax: RecordLimits.titleBytes) ?? "", host: host.map { PersonID($0) }, start: start,
            end: try time(7), capacity: try whole(8) ?? 0, priceBand: try whole(9) ?? 0,
            categories: try vector(10, .categories), fineTags: try vector(11, .fineTags), status: status)
        do throws(ValidationError) { try gathering.validate() } catch { throw RowFault(reason: "\(error)") }
        return gathering
    }
}
