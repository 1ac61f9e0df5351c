import Basics
import Testing

@testable import Wire

@Suite struct HandshakeTests {
    private func hello(_ lowest: UInt16, _ highest: UInt16, name: String = "w", role: Role = .worker) -> Hello {
        Hello(
            role: role, name: name, processID: 1, protocolLowest: lowest, protocolHighest: highest, build: "0.9.0")
    }

    @Test func theHighestCommonProtocolIsChosen() {
        #expect(hello(1, 5).verdict() == .agreed(protocolVersion: 5))
        #expect(hello(0, 7).verdict() == .agreed(protocolVersion: 5))
    }

    @Test func aStrangerIsRefusedInOneLineThatNamesBothVersions() {
        #expect(
            hello(6, 7).verdict()
                == .refused(
                    reason: "worker \"w\" runs muster 0.9.0 (protocols 6 to 7), the coordinator runs "
                        + "muster 0.1.0 (protocol 5): run the same version on both sides"))
        #expect(hello(0, 0).verdict() != .agreed(protocolVersion: 0))
    }

    @Test func theOtherSideRefusesAProtocolItDoesNotSpeak() {
        var welcome = Welcome(
            worker: WorkerID(1), cluster: 1, heartbeatMilliseconds: 1000, protocolVersion: 6, build: "0.9.0")
        #expect(
            welcome.verdict()
                == .refused(
                    reason: "the coordinator runs muster 0.9.0 (protocol 6), this side runs muster 0.1.0 "
                        + "(protocol 5): run the same version on both sides"))
        welcome.protocolVersion = 5
        #expect(welcome.verdict() == .agreed(protocolVersion: 5))
    }

    @Test func aWorkerNeedsAName() {
        #expect(
            hello(1, 5, name: "").verdict() == .refused(reason: "a worker needs a name: give it one with --name"))
        #expect(hello(5, 5, name: "", role: .command).verdict() == .agreed(protocolVersion: 5))
    }

    @Test func aHelloWithARangeUpsideDownIsNoHello() {
        #expect(throws: WireError.body(.hello, .invalid("protocols 3 to 2"))) {
            try Envelope(hello(3, 2)).decode(Hello.self)
        }
    }

    @Test func errorsNameTheThingAndTheWayOut() {
        #expect(
            "\(WireError.unsupportedProtocol(6))"
                == "the message is in protocol 6; muster 0.1.0 speaks protocol 5: run the same version on both sides")
        #expect(
            "\(WireError.body(.seeds, .trailing(2)))" == "the body of the message \"seeds\" has 2 bytes too many")
    }
}
