import Basics
import Events
import Testing

@testable import Transport

private let stream = RedisStream.eventsKey(city: "Tokyo")

private func events(_ sequences: ClosedRange<Int>) -> [[UInt8]] { sequences.map { Array("event \($0)".utf8) } }

/// The one owner of most tests, which takes no stream that it has not written.
private func owner(_ epoch: UInt64, name: String = "our cluster/our outbox", claiming end: UInt64 = 0) -> StreamOwner {
    StreamOwner(name: name, epoch: Epoch(epoch), claimedEnd: end)
}

private func append(_ numbers: ClosedRange<Int>, epoch: UInt64, to redis: RedisStream) throws -> RelayAnswer {
    try append(numbers, by: owner(epoch), to: redis)
}

private func append(_ numbers: ClosedRange<Int>, by owner: StreamOwner, to redis: RedisStream) throws -> RelayAnswer {
    try redis.append(batch(numbers, by: owner))
}

private func batch(
    _ numbers: ClosedRange<Int>, by owner: StreamOwner = owner(1), acceptsHole: Bool = false
) -> RelayBatch {
    RelayBatch(
        city: "Tokyo", owner: owner, firstSequence: UInt64(numbers.lowerBound), payloads: events(numbers),
        acceptsHole: acceptsHole)
}

/// What the stream holds, as "id event".
private func content(_ redis: RedisStream) throws -> [String] {
    try redis.first(1000, of: stream).map { "\($0.id) " + String(decoding: $0.payload, as: UTF8.self) }
}

/// One command of a bystander.
private func run(_ server: RedisServer, _ words: String...) throws -> RedisReply {
    try RedisConnection(to: RedisAddress(server.socket), login: nil).command(words.map { Array($0.utf8) })
}

@Suite(.enabled(if: RedisServer.binary != nil, "no redis-server on this machine"), .serialized)
struct RedisStreamTests {
    @Test func eventsAreWrittenOnceUnderIdsOfEpochAndSequence() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        #expect(try redis.length(of: stream) == 0)
        #expect(try append(1...2, epoch: 3, to: redis) == .done(last: 2))
        #expect(try append(3...3, epoch: 3, to: redis) == .done(last: 3))
        #expect(try content(redis) == ["3-1 event 1", "3-2 event 2", "3-3 event 3"])
        #expect(try run(server, "GET", "muster:{Tokyo}:epoch") == .text(Array("3".utf8)))
    }

    @Test func whatIsSentAgainIsNotWrittenAgain() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...4, epoch: 1, to: redis)
        let again = try append(2...3, epoch: 1, to: redis)
        #expect(again == .duplicate(last: 4))
        let overlapping = try append(3...6, epoch: 2, to: redis)
        #expect(overlapping == .done(last: 6))
        #expect(try content(redis).suffix(3) == ["1-4 event 4", "2-5 event 5", "2-6 event 6"])
        #expect(try redis.length(of: stream) == 6)
    }

    @Test func aTrimmedStreamStillKnowsWhereItEnded() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...4, epoch: 1, to: redis)
        _ = try run(server, "XTRIM", stream, "MAXLEN", "0")
        let again = try append(3...4, epoch: 1, to: redis)
        #expect(again == .duplicate(last: 4))
        #expect(try redis.length(of: stream) == 0)
    }

    @Test func aRedisThatLostEverythingAsksForTheBeginningAndIsRefilled() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...4, epoch: 1, to: redis)
        _ = try run(server, "FLUSHALL")
        let gap = try append(5...5, epoch: 1, to: redis)
        #expect(gap == .gap(last: 0))
        #expect(try redis.length(of: stream) == 0)
        let refill = try append(1...5, epoch: 1, to: redis)
        #expect(refill == .done(last: 5))
        #expect(try redis.length(of: stream) == 5)
    }

    @Test func aHoleIsWrittenOnlyWhenItIsAccepted() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        #expect(try append(101...102, epoch: 1, to: redis) == .gap(last: 0))
        let answer = try redis.append(batch(101...102, acceptsHole: true))
        #expect(answer == .done(last: 102))
    }

    @Test func anOlderOwnerIsFencedEvenWhenTheEpochKeyIsLost() throws {
        let server = try RedisServer()
        let old = RedisStream(address: server.socket, login: nil)
        let new = RedisStream(address: server.socket, login: nil)
        _ = try append(1...2, epoch: 4, to: old)
        _ = try append(3...3, epoch: 5, to: new)
        #expect(try append(4...4, epoch: 4, to: old) == .fenced(Epoch(5)))
        _ = try run(server, "DEL", "muster:{Tokyo}:epoch")
        #expect(try append(4...4, epoch: 4, to: old) == .fenced(Epoch(5)))
        #expect(try content(new) == ["4-1 event 1", "4-2 event 2", "5-3 event 3"])
    }

    @Test func aNewOwnerFencesTheOldOneThoughItsOwnFirstBatchFindsAGap() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        #expect(try append(7...7, epoch: 9, to: redis) == .gap(last: 0))
        #expect(try append(1...1, epoch: 8, to: redis) == .fenced(Epoch(9)))
    }

    @Test func aStreamRemembersItsOwnerAndTurnsOthersAway() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...2, epoch: 1, to: redis)
        #expect(try run(server, "GET", "muster:{Tokyo}:owner") == .text(Array("our cluster/our outbox".utf8)))
        let stranger = owner(7, name: "our cluster/begun anew", claiming: 100)
        #expect(try append(1...2, by: stranger, to: redis) == .foreign(last: 2))
        #expect(try append(3...4, by: stranger, to: redis) == .foreign(last: 2))
        #expect(try append(9...9, by: stranger, to: redis) == .foreign(last: 2))
        // The stranger's higher epoch has not fenced the owner.
        #expect(try append(3...3, epoch: 1, to: redis) == .done(last: 3))
        #expect(try content(redis) == ["1-1 event 1", "1-2 event 2", "1-3 event 3"])
    }

    @Test func aStrangerGoesOnOnceTheStreamAndItsOwnerAreRenamed() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...2, epoch: 1, to: redis)
        let stranger = owner(1, name: "their cluster/their outbox")
        _ = try run(server, "RENAME", stream, stream + ":old")
        #expect(try append(1...1, by: stranger, to: redis) == .foreign(last: 0))
        _ = try run(server, "RENAME", "muster:{Tokyo}:owner", "muster:{Tokyo}:owner:old")
        #expect(try append(1...1, by: stranger, to: redis) == .done(last: 1))
        #expect(try append(1...2, epoch: 1, to: redis) == .foreign(last: 1))
    }

    @Test func aStreamWithoutAnOwnerIsTakenOnlyAsFarAsItIsClaimed() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...4, epoch: 1, to: redis)
        _ = try run(server, "DEL", "muster:{Tokyo}:owner")
        #expect(try append(1...9, by: owner(1, claiming: 3), to: redis) == .foreign(last: 4))
        #expect(try run(server, "EXISTS", "muster:{Tokyo}:owner") == .integer(0))
        #expect(try append(1...5, by: owner(1, claiming: 4), to: redis) == .done(last: 5))
        #expect(try append(6...6, epoch: 1, to: redis) == .done(last: 6))
    }

    @Test func anEmptyBatchClaimsTheStreamAndTellsWhereItEnds() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        func claim(_ first: UInt64, _ owner: StreamOwner) throws -> RelayAnswer {
            try redis.append(RelayBatch(city: "Tokyo", owner: owner, firstSequence: first, payloads: []))
        }
        #expect(try claim(1, owner(1)) == .duplicate(last: 0))
        #expect(try claim(3, owner(1)) == .gap(last: 0))
        #expect(try claim(1, owner(1, name: "another")) == .foreign(last: 0))
        _ = try append(1...2, epoch: 1, to: redis)
        #expect(try claim(3, owner(1)) == .duplicate(last: 2))
    }

    @Test func aFencedOwnerLeavesNoName() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try run(server, "SET", "muster:{Tokyo}:epoch", "5")
        #expect(try append(1...1, epoch: 4, to: redis) == .fenced(Epoch(5)))
        #expect(try run(server, "EXISTS", "muster:{Tokyo}:owner") == .integer(0))
    }

    @Test func numbersBeyondFourteenDigitsKeepTheirLastDigit() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        let first: UInt64 = 9_007_199_254_740_001
        let answer = try redis.append(
            RelayBatch(
                city: "Tokyo", owner: owner(9_007_199_254_740_991), firstSequence: first, payloads: events(1...3),
                acceptsHole: true))
        #expect(answer == .done(last: first + 2))
        #expect(try redis.first(1, of: stream).first?.id == "9007199254740991-9007199254740001")
    }

    @Test func anEventMayHoldAnyByte() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        let payloads: [[UInt8]] = [[], [0, 13, 10, 0], Array(0...255)]
        _ = try redis.append(
            RelayBatch(city: "Tokyo", owner: owner(1), firstSequence: 1, payloads: payloads))
        #expect(try redis.first(3, of: stream).map(\.payload) == payloads)
    }

    @Test func aFullBatchIsOneCallAndSurvivesAFlushedScript() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        let answer = try redis.append(batch(1...RedisLimits.rowsPerAppendMax))
        #expect(answer == .done(last: 512))
        _ = try run(server, "SCRIPT", "FLUSH")
        let next = try append(513...513, epoch: 1, to: redis)
        #expect(next == .done(last: 513))
    }

    @Test func aRedisKilledAndStartedAgainIsReachedByTheNextCallButOne() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...2, epoch: 1, to: redis)
        server.kill()
        #expect {
            try append(3...3, epoch: 1, to: redis)
        } throws: { error in
            if case .lost? = error as? RedisError { true } else { false }
        }
        #expect {
            try append(3...3, epoch: 1, to: redis)
        } throws: { error in
            if case .unreachable? = error as? RedisError { true } else { false }
        }
        try server.start()
        #expect(try append(3...3, epoch: 1, to: redis) == .gap(last: 0))
    }

    @Test func aPasswordIsGivenOverTCPAndAWrongOneIsNamedAsTheCause() throws {
        let server = try RedisServer(password: "open sesame", overTCP: true)
        let address = "127.0.0.1:\(server.port)"
        let redis = RedisStream(address: address, login: RedisLogin(password: "open sesame"))
        #expect(try append(1...1, epoch: 1, to: redis) == .done(last: 1))
        for password in ["wrong", nil] {
            #expect {
                try RedisStream(address: address, login: password.map { RedisLogin(password: $0) }).length(of: stream)
            } throws: { error in
                guard let fault = error as? RedisError, case .refused(address, _, _) = fault else { return false }
                return !fault.isAboutOneStream
            }
        }
    }

    @Test func batchesSentAheadAreAnsweredInOrderAndNoneIsWrittenBehindAGap() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        for some in [batch(1...2), batch(3...4), batch(5...5)] { try redis.send(some) }
        let answers = try (0..<3).map { _ in try redis.answer() }
        #expect(answers == [.done(last: 2), .done(last: 4), .done(last: 5)])
        _ = try run(server, "FLUSHALL")
        for some in [batch(6...7), batch(8...9)] { try redis.send(some) }
        #expect(try (0..<2).map { _ in try redis.answer() } == [.gap(last: 0), .gap(last: 0)])
        #expect(try redis.length(of: stream) == 0)
        _ = try run(server, "SCRIPT", "FLUSH")
        for some in [batch(1...2), batch(3...4)] { try redis.send(some) }
        #expect(throws: RedisError.self) { try redis.answer() }
        for some in [batch(1...2), batch(3...4)] { try redis.send(some) }
        #expect(try (0..<2).map { _ in try redis.answer() } == [.done(last: 2), .done(last: 4)])
    }

    @Test func onlyWhatEveryGroupHasAcknowledgedIsTrimmed() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try append(1...10, epoch: 1, to: redis)
        func trim(below sequence: UInt64, keeping kept: Int) throws -> Int {
            try redis.trim(city: "Tokyo", below: EntryID(milliseconds: 1, sequence: sequence), keeping: kept)
        }
        // Nobody has said that they read.
        #expect(try trim(below: 9, keeping: 2) == 0)
        for group in ["a", "b"] { _ = try run(server, "XGROUP", "CREATE", stream, group, "0") }
        #expect(try trim(below: 9, keeping: 2) == 0)
        _ = try run(server, "XREADGROUP", "GROUP", "a", "x", "COUNT", "8", "STREAMS", stream, ">")
        _ = try run(server, "XREADGROUP", "GROUP", "b", "x", "COUNT", "6", "STREAMS", stream, ">")
        _ = try run(server, "XACK", stream, "a", "1-1", "1-2", "1-3", "1-5")
        _ = try run(server, "XACK", stream, "b", "1-1", "1-2", "1-3", "1-4", "1-5", "1-6")
        #expect(try trim(below: 9, keeping: 10) == 0)
        #expect(try trim(below: 9, keeping: 2) == 3)
        #expect(try content(redis).first == "1-4 event 4")
        _ = try run(server, "XACK", stream, "a", "1-4", "1-6", "1-7", "1-8")
        // Now the second group is behind: it was given six.
        #expect(try trim(below: 9, keeping: 2) == 3)
        _ = try run(server, "XREADGROUP", "GROUP", "b", "x", "STREAMS", stream, ">")
        _ = try run(server, "XACK", stream, "b", "1-7", "1-8", "1-9", "1-10")
        // And now what must stay decides.
        #expect(try trim(below: 9, keeping: 2) == 2)
        #expect(try content(redis).first == "1-9 event 9")
        #expect(try append(9...11, epoch: 1, to: redis) == .done(last: 11))
    }

    @Test func aUserOfTheAccessListIsWhoTheyAre() throws {
        let server = try RedisServer()
        _ = try run(
            server, "ACL", "SETUSER", "muster", "on", ">secret", "~muster:*", "+@all")
        let login = RedisLogin(user: "muster", password: "secret")
        let redis = RedisStream(address: server.socket, login: login)
        #expect(try append(1...1, epoch: 1, to: redis) == .done(last: 1))
        #expect(throws: RedisError.self) { try redis.length(of: "somebody else's") }
        #expect(throws: RedisError.self) {
            let wrong = RedisLogin(user: "muster", password: "wrong")
            return try RedisStream(address: server.socket, login: wrong).length(of: stream)
        }
    }

    @Test func answersOfAnyShapeAreReadAsTheyWereSent() throws {
        let server = try RedisServer()
        let nested = "return {1, {'a', {}, {{'', 'b'}, -7}}, false, {}, redis.status_reply('fine')}"
        #expect(
            try run(server, "EVAL", nested, "0")
                == .list([
                    .integer(1),
                    .list([
                        .text(Array("a".utf8)), .list([]),
                        .list([.list([.text([]), .text(Array("b".utf8))]), .integer(-7)]),
                    ]), .none, .list([]), .text(Array("fine".utf8)),
                ]))
        let text = String(repeating: "x", count: 100_000)
        #expect(try run(server, "ECHO", text) == .text(Array(text.utf8)))
    }

    @Test func entriesThatAreGoneHaveNoFieldsAndTheOthersTheirOwn() throws {
        let server = try RedisServer()
        let consumer = RedisConsumer(address: server.socket, login: nil, group: "g", consumer: "one")
        try consumer.join("s")
        try consumer.add(
            (1...3).map { number in
                let fields = ["n", "\(number)", "", ""].map { Array($0.utf8) }
                return (id: EntryID(milliseconds: 1, sequence: UInt64(number)), fields: fields)
            }, to: "s")
        #expect(try consumer.read(["s"], count: 10, waitingMilliseconds: 0)["s"]?.count == 3)
        _ = try run(server, "XDEL", "s", "1-2")
        let pending = try consumer.pending("s", after: .zero, count: 10)
        #expect(pending.map(\.id.sequence) == [1, 2, 3])
        #expect(
            pending.map { $0.fields.map { String(decoding: $0, as: UTF8.self) } } == [
                ["n", "1", "", ""], [], ["n", "3", "", ""],
            ])
        let other = RedisConsumer(address: server.socket, login: nil, group: "g", consumer: "two")
        #expect(try other.claim("s", idleMilliseconds: 0, count: 10).map(\.id.sequence) == [1, 3])
        #expect(try other.read(after: ["s": pending[0].id], count: 9, waitingMilliseconds: 0)["s"]?.count == 1)
        #expect(try other.read(after: ["s": pending[2].id], count: 9, waitingMilliseconds: 1).isEmpty)
    }

    @Test func anErrorOfRedisIsRefusedAndTheConnectionGoesOn() throws {
        let server = try RedisServer()
        let redis = RedisStream(address: server.socket, login: nil)
        _ = try run(server, "SET", stream, "not a stream")
        #expect {
            try append(1...1, epoch: 1, to: redis)
        } throws: { error in
            (error as? RedisError)?.isAboutOneStream == true
        }
        _ = try run(server, "DEL", stream)
        #expect(try append(1...1, epoch: 1, to: redis) == .done(last: 1))
    }
}

struct RedisAddressTests {
    @Test func addressesAreHostAndPortOrThePathOfASocket() throws {
        #expect(try RedisAddress("localhost:7479").place == .host("localhost", port: 7479))
        #expect(try RedisAddress("[::1]:7479").place == .host("::1", port: 7479))
        #expect(try RedisAddress("/run/redis.sock").place == .socket("/run/redis.sock"))
    }

    @Test(arguments: ["", "localhost", ":7479", "localhost:", "localhost:0", "localhost:70000", "localhost:x"])
    func otherAddressesAreRefusedByName(_ text: String) {
        let redis = RedisStream(address: text, login: nil)
        #expect(throws: RedisError.badAddress(text)) { try redis.length(of: stream) }
    }
}
