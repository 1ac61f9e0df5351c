import Basics
import Testing

@testable import Transport

@Suite struct LinkTests {
    @Test("a message goes there and its answer comes back", arguments: [false, true])
    func roundTrip(encrypted: Bool) throws {
        let pair = try LinkPair(encrypted: encrypted)
        defer { pair.close() }
        #expect(pair.dealer.send([[1, 2, 3], [], [4]]) == .sent)
        let (peer, frames) = try pair.router.next()
        #expect(peer == PeerIdentity(bytes: Array("worker-1:0001".utf8)))
        #expect(frames == [[1, 2, 3], [], [4]])
        #expect(pair.router.send([[5], [6, 7]], to: peer) == .sent)
        #expect(try pair.dealer.next() == [[5], [6, 7]])
    }

    @Test("frames of 8 MB arrive unharmed in both directions", arguments: [false, true])
    func bigFrames(encrypted: Bool) throws {
        let pair = try LinkPair(encrypted: encrypted)
        defer { pair.close() }
        let big = (0..<8 << 20).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 13) }
        #expect(pair.dealer.send([[1], big, [2], big]) == .sent)
        let (peer, frames) = try pair.router.next()
        #expect(frames == [[1], big, [2], big])
        #expect(pair.router.send([big], to: peer) == .sent)
        #expect(try pair.dealer.next() == [big])
    }

    @Test("what is written to an array after it was sent is not sent")
    func loansAreFrozen() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        var frame = [UInt8](repeating: 7, count: 1 << 20)
        #expect(pair.dealer.send([frame]) == .sent)
        for index in frame.indices { frame[index] = 9 }
        #expect(try pair.router.next().frames == [[UInt8](repeating: 7, count: 1 << 20)])
        #expect(frame.allSatisfy { $0 == 9 })
    }

    @Test("a thousand messages keep their order")
    func order() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        for number in 0..<1_000 { #expect(pair.dealer.send([[UInt8(number & 255), UInt8(number >> 8)]]) == .sent) }
        for number in 0..<1_000 {
            #expect(try pair.router.next().frames == [[UInt8(number & 255), UInt8(number >> 8)]])
        }
    }

    @Test("a peer that was never there is unreachable, and one that left becomes so")
    func unreachable() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        #expect(pair.router.send([[1]], to: PeerIdentity(bytes: [42])) == .unreachable)
        #expect(pair.dealer.send([[1]]) == .sent)
        let peer = try pair.router.next().peer
        #expect(pair.router.send([[1]], to: peer) == .sent)
        pair.dealer.close()
        _ = try eventually { () -> Bool? in
            _ = try pair.router.receive(timeoutMilliseconds: 20)
            return pair.router.send([[1]], to: peer) == .unreachable ? true : nil
        }
    }

    @Test("a queue with nobody at its end fills up and says so")
    func fullWithoutConnection() throws {
        let context = try MessageContext()
        // Bound and closed again: nobody listens at this port, and no other test is given it on this address.
        let router = try RouterLink(context: context, endpoint: "tcp://127.0.0.2:0", keys: nil, allowedClients: [])
        router.close()
        let dealer = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: nil, serverKey: nil, identity: [1],
            limits: TransportLimits(queuedMessages: 2))
        #expect((0..<4).map { _ in dealer.send([[1], [2]]) } == [.sent, .sent, .full, .full])
        dealer.close()
        context.close()
    }

    @Test("a peer that does not read fills its queue, and others are still served")
    func fullWithSlowPeer() throws {
        let pair = try LinkPair(encrypted: false, limits: TransportLimits(queuedMessages: 2))
        defer { pair.close() }
        #expect(pair.dealer.send([[1]]) == .sent)
        let slow = try pair.router.next().peer
        let frame = [UInt8](repeating: 1, count: 1 << 20)
        let result = (0..<1_000).lazy.map { _ in pair.router.send([frame, [2]], to: slow) }.first { $0 != .sent }
        #expect(result == .full)
        let other = try DealerLink(
            context: pair.context, endpoint: pair.router.boundEndpoint, keys: nil, serverKey: nil, identity: [2])
        defer { other.close() }
        #expect(other.send([[3]]) == .sent)
        let served = try pair.router.next().peer
        #expect(pair.router.send([[4]], to: served) == .sent)
        #expect(try other.next() == [[4]])
        // What had been accepted arrives whole, once the peer reads.
        #expect(try pair.dealer.next() == [frame, [2]])
    }

    @Test("a second client with the same identity takes the place of the first")
    func handover() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        #expect(pair.dealer.send([[1]]) == .sent)
        let peer = try pair.router.next().peer
        let second = try DealerLink(
            context: pair.context, endpoint: pair.router.boundEndpoint, keys: nil, serverKey: nil,
            identity: peer.bytes)
        defer { second.close() }
        #expect(second.send([[2]]) == .sent)
        let (again, frames) = try pair.router.next()
        #expect(again == peer && frames == [[2]])
        #expect(pair.router.send([[3]], to: peer) == .sent)
        #expect(try second.next() == [[3]])
    }

    @Test("a message of too many frames is dropped whole, and the next one arrives")
    func tooManyFrames() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        let frames = [[UInt8]](repeating: [1], count: TransportLimits.framesPerMessage)
        #expect(pair.dealer.send(frames) == .sent)
        #expect(pair.dealer.send([[2]]) == .sent)
        #expect(try pair.router.next().frames == [[2]])
        #expect(pair.router.dropped == 1)
    }

    @Test("a peer that sends a frame above the limit is cut off, and heard again when it behaves")
    func frameAboveLimit() throws {
        let context = try MessageContext()
        let router = try RouterLink(
            context: context, endpoint: "tcp://127.0.0.1:0", keys: nil, allowedClients: [],
            limits: TransportLimits(frameBytes: 1_000))
        let dealer = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: nil, serverKey: nil, identity: [1])
        #expect(dealer.send([[UInt8](repeating: 1, count: 1_001)]) == .sent)
        let received = try eventually { () -> [[UInt8]]? in
            _ = dealer.send([[2]])
            guard case .message(_, let frames) = try router.receive(timeoutMilliseconds: 50) else { return nil }
            return frames
        }
        #expect(received == [[2]])
        router.close()
        dealer.close()
        context.close()
    }

    @Test("what was sent before closing still arrives")
    func linger() throws {
        let here = try MessageContext()
        let there = try MessageContext()
        let router = try RouterLink(context: here, endpoint: "tcp://localhost:0", keys: nil, allowedClients: [])
        let dealer = try DealerLink(
            context: there, endpoint: router.boundEndpoint, keys: nil, serverKey: nil, identity: [1])
        #expect(dealer.send([[1], [UInt8](repeating: 2, count: 1 << 20)]) == .sent)
        dealer.close()
        there.close()
        #expect(try router.next().frames == [[1], [UInt8](repeating: 2, count: 1 << 20)])
        router.close()
        here.close()
    }

    @Test("a link that could not be made leaves its context free to close")
    func failedLink() throws {
        let context = try MessageContext()
        #expect(throws: TransportError.self) {
            // A documentation address: no interface of any machine has it.
            try RouterLink(
                context: context, endpoint: "tcp://192.0.2.1:0", keys: try CurveKeys.generate(), allowedClients: [])
        }
        #expect(throws: TransportError.self) {
            try DealerLink(
                context: context, endpoint: "tcp://127.0.0.1:1", keys: try CurveKeys.generate(), serverKey: "short",
                identity: [1])
        }
        context.close()
    }

    @Test("a closed link says so instead of waiting")
    func closed() throws {
        let pair = try LinkPair(encrypted: false)
        pair.close()
        #expect(throws: TransportError.closed(endpoint: "tcp://127.0.0.1:0")) {
            try pair.router.receive(timeoutMilliseconds: 1_000)
        }
        #expect(pair.dealer.send([[1]]) == .unreachable)
    }
}

@Suite struct WakerTests {
    @Test("a wake from another thread ends the wait")
    func wakes() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        let waker = pair.router.waker
        startThread { waker.wake() }
        #expect(try pair.router.receive(timeoutMilliseconds: 10_000) == .woken)
    }

    @Test("wakes before the wait count once, and messages are not lost to them")
    func coalesces() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        for _ in 0..<5 { pair.dealer.waker.wake() }
        #expect(try pair.dealer.receive(timeoutMilliseconds: 10_000) == .woken)
        #expect(try pair.dealer.receive(timeoutMilliseconds: 0) == nil)
        #expect(pair.dealer.send([[1]]) == .sent)
        pair.router.waker.wake()
        #expect(try pair.router.next().frames == [[1]])
    }

    @Test("a wake is seen under a flood of messages, and messages under a flood of wakes")
    func takesTurns() throws {
        let pair = try LinkPair(encrypted: false)
        defer { pair.close() }
        for _ in 0..<500 { #expect(pair.dealer.send([[1]]) == .sent) }
        _ = try pair.router.next()
        pair.router.waker.wake()
        let flood = try (0...TransportLimits.messagesPerPoll).map { _ in
            try pair.router.receive(timeoutMilliseconds: 1_000)
        }
        #expect(flood.contains(.woken))
        let events = try (0..<100).map { _ in
            pair.router.waker.wake()
            return try pair.router.receive(timeoutMilliseconds: 1_000) == .woken
        }
        #expect(events.contains(true) && events.contains(false))
    }
}
