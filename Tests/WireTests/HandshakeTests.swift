import Basics
import Testing

@testable import Wire

@Suite struct HandshakeTests {
    private func hello(_ lowest: UInt16, _ highest: UInt16, name: String = "w", role: Role = .worker) -> Hello {
        Hello(
            role: role, name: name, processID: 1, protocolLowest: lowest, protocolHighest: highest, build: "0.9.0")
    }

    @Test func theHighestCommonProtocolIsChosen() {
        #expect(hello(1, 6).verdict() == .agreed(protocolVersion: 6))
        #expect(hello(0, 8).verdict() == .agreed(protocolVersion: 6))
    }

    @Test func aStrangerIsRefusedInOneLineThatNamesBothVersions() {
        #expect(
            hello(7, 8).verdict()
                == .refused(
                    reason: "worker \"w\" runs muster 0.9.0 (protocols 7 to 8), the coordinator runs "
                        + "muster 0.1.0 (protocol 6): run the same version on both sides"))
        #expect(hello(0, 0).verdict() != .agreed(protocolVersion: 0))
    }

    @Test func theOtherSideRefusesAProtocolItDoesNotSpeak() {
        var welcome = Welcome(
            worker: WorkerID(1), cluster: 1, heartbeatMilliseconds: 1000, protocolVersion: 7, build: "0.9.0")
        #expect(
            welcome.verdict()
                == .refused(
                    reason: "the coordinator runs muster 0.9.0 (protocol 7), this side runs muster 0.1.0 "
                        + "(protocol 6): run the same version on both sides"))
        welcome.protocolVersion = 6
        #expect(welcome.verdict() == .agreed(protocolVersion: 6))
    }

    @Test func aWorkerNeedsAName() {
        #expect(
            hello(1, 6, name: "").verdict() == .refused(reason: "a worker needs a name: give it one with --name"))
        #expect(hello(6, 6, name: "", role: .command).verdict() == .agreed(protocolVersion: 6))
    }

    @Test func aHelloWithARangeUpsideDownIsNoHello() {
        #expect(throws: WireError.body(.hello, .invalid("protocols 3 to 2"))) {
            try Envelope(hello(3, 2)).decode(Hello.self)
        }
    }

    @Test func errorsNameTheThingAndTheWayOut() {
        #expect(
            "\(WireError.unsupportedProtocol(7))"
                == "the message is in protocol 7; muster 0.1.0 speaks protocol 6: run the same version on both sides")
        #expect(
            "\(WireError.body(.seeds, .trailing(2)))" == "the body of the message \"seeds\" has 2 bytes too many")
    }
}
