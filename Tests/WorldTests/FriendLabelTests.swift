import Basics
import Testing
import World

@Suite struct FriendLabelTests {
    @Test func alikeOrOftenTogetherIsCompatible() {
        #expect(FriendLabel.compatibility(interestOverlap: 0.6, coAttendance: 0) == true)
        #expect(FriendLabel.compatibility(interestOverlap: 0, coAttendance: 2) == true)
    }

    @Test func unlikeAndNeverTogetherIsNot() {
        #expect(FriendLabel.compatibility(interestOverlap: 0, coAttendance: 0) == false)
        #expect(FriendLabel.compatibility(interestOverlap: Float(0.3).nextDown, coAttendance: 0) == false)
    }

    @Test func betweenTheTwoThereIsNoLabel() {
        #expect(FriendLabel.compatibility(interestOverlap: 0.3, coAttendance: 0) == nil)
        #expect(FriendLabel.compatibility(interestOverlap: Float(0.6).nextDown, coAttendance: 1) == nil)
        #expect(FriendLabel.compatibility(interestOverlap: 0, coAttendance: 1) == nil)
    }

    @Test func chancesGrowWithOverlapAndPlacesUpToOne() {
        #expect(FriendLabel.attendanceChance(interestOverlap: 0.75, coAttendance: 0) == 0.75)
        #expect(FriendLabel.attendanceChance(interestOverlap: 0.5, coAttendance: 5) == 0.75)
        #expect(FriendLabel.attendanceChance(interestOverlap: 0.75, coAttendance: 10) == 1)
        #expect(FriendLabel.attendanceChance(interestOverlap: 0, coAttendance: 2) == 0)
    }

    @Test func nobodyElseComes() {
        #expect(FriendLabel.attendanceChance(interestOverlap: 0.25, coAttendance: 0) == 0)
        #expect(FriendLabel.attendanceChance(interestOverlap: 0.5, coAttendance: 1) == 0)
    }
}

@Suite struct GatheringTests {
    @Test func namesAreReadAsWritten() {
        for kind in Gathering.Kind.allCases { #expect(Gathering.Kind(name: kind.name) == kind) }
        for status in Gathering.Status.allCases { #expect(Gathering.Status(name: status.name) == status) }
    }

    @Test func theWordsOfSocialAppsAreKnown() {
        #expect(Gathering.Kind(name: "GIG") == .gig)
        #expect(Gathering.Status(name: "OPEN") == .scheduled && Gathering.Status(name: "IN_PROGRESS") == .scheduled)
        #expect(Gathering.Status(name: "COMPLETED") == .finished && Gathering.Status(name: "canceled") == .cancelled)
    }

    @Test func otherWordsAreNot() {
        #expect(Gathering.Kind(name: "party") == nil && Gathering.Kind(name: "") == nil)
        #expect(Gathering.Status(name: "maybe") == nil && Gathering.Status(name: "") == nil)
    }
}
