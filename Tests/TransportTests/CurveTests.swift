import Glibc
import Testing

@testable import Transport

@Suite struct CurveTests {
    @Test("a client whose key is not on the list gets nothing through, and is counted")
    func refusedClient() throws {
        let context = try MessageContext()
        let server = try CurveKeys.generate()
        let friend = try CurveKeys.generate()
        let stranger = try CurveKeys.generate()
        let router = try RouterLink(
            context: context, endpoint: "tcp://127.0.0.1:0", keys: server, allowedClients: [friend.publicKey])
        let refused = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: stranger, serverKey: server.publicKey,
            identity: [1])
        #expect(refused.send([[1]]) == .sent)
        try router.hearNothingUntilRefusal()
        let admitted = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: friend, serverKey: server.publicKey, identity: [2])
        #expect(admitted.send([[2]]) == .sent)
        // The stranger was first; had it been let in, its message would be here first.
        let (peer, frames) = try router.next()
        #expect(peer == PeerIdentity(bytes: [2]) && frames == [[2]])
        #expect(router.send([[3]], to: PeerIdentity(bytes: [1])) == .unreachable)
        for link in [refused, admitted] { link.close() }
        router.close()
        context.close()
    }

    @Test("keys without a list let nobody in")
    func emptyList() throws {
        let context = try MessageContext()
        let keys = try CurveKeys.generate()
        let router = try RouterLink(context: context, endpoint: "tcp://127.0.0.1:0", keys: keys, allowedClients: [])
        let dealer = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: keys, serverKey: keys.publicKey, identity: [1])
        try router.hearNothingUntilRefusal()
        router.close()
        dealer.close()
        context.close()
    }

    @Test("a client without keys, or with another server's key, is not heard by a server with keys")
    func strangersAreNotHeard() throws {
        let context = try MessageContext()
        let server = try CurveKeys.generate()
        let client = try CurveKeys.generate()
        let router = try RouterLink(
            context: context, endpoint: "tcp://127.0.0.1:0", keys: server, allowedClients: [client.publicKey])
        let plain = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: nil, serverKey: nil, identity: [1])
        let misled = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: client,
            serverKey: try CurveKeys.generate().publicKey, identity: [2])
        for link in [plain, misled] { #expect(link.send([[1]]) == .sent) }
        let admitted = try DealerLink(
            context: context, endpoint: router.boundEndpoint, keys: client, serverKey: server.publicKey, identity: [3])
        #expect(admitted.send([[2]]) == .sent)
        #expect(try router.next().peer == PeerIdentity(bytes: [3]))
        #expect(try router.receive(timeoutMilliseconds: 100) == nil)
        for link in [plain, misled, admitted] { link.close() }
        router.close()
        context.close()
    }

    @Test("two routers of one context have lists of their own")
    func separateLists() throws {
        let context = try MessageContext()
        let server = try CurveKeys.generate()
        let clients = try [CurveKeys.generate(), CurveKeys.generate()]
        let routers = try clients.map {
            try RouterLink(
                context: context, endpoint: "tcp://127.0.0.1:0", keys: server, allowedClients: [$0.publicKey])
        }
        let crossed = try DealerLink(
            context: context, endpoint: routers[0].boundEndpoint, keys: clients[1], serverKey: server.publicKey,
            identity: [1])
        try routers[0].hearNothingUntilRefusal()
        #expect(routers[1].refusals == 0)
        for router in routers { router.close() }
        crossed.close()
        context.close()
    }

    @Test("the gate says no to whatever it does not understand")
    func malformedRequests() throws {
        let context = try MessageContext()
        let keys = try CurveKeys.generate()
        let key = try CurveKeys.decodeKey(keys.publicKey, place: "here")
        let admission = try context.gate.open(context: context.handle, allowedClients: [keys.publicKey])
        func status(_ domain: String, _ mechanism: String, _ credentials: [[UInt8]]) -> String {
            let head = ["1.0", "17", domain, "127.0.0.1", "id", mechanism].map { Array($0.utf8) }
            let reply = context.gate.answer(to: head + credentials)
            #expect(reply.count == 6 && reply[1] == Array("17".utf8))
            return String(decoding: reply[2], as: UTF8.self)
        }
        #expect(status(admission.domain, "CURVE", [key]) == "200")
        #expect(status("elsewhere", "CURVE", [key]) == "400")
        #expect(status(admission.domain, "NULL", [key]) == "400")
        #expect(status(admission.domain, "CURVE", [Array(key.dropLast())]) == "400")
        #expect(status(admission.domain, "CURVE", []) == "400")
        #expect(context.gate.answer(to: [])[2] == Array("400".utf8))
        #expect(admission.refusals == 1)
    }

    @Test("no keys, no address outside loopback: neither to bind nor to connect")
    func keysMissing() throws {
        let context = try MessageContext()
        for endpoint in ["tcp://0.0.0.0:0", "tcp://*:0", "tcp://[::]:0"] {
            let error = #expect(throws: TransportError.self) {
                try RouterLink(context: context, endpoint: endpoint, keys: nil, allowedClients: [])
            }
            #expect(error == .keysMissing(endpoint: endpoint))
            #expect(error?.description.contains("key-file") == true)
        }
        #expect(throws: TransportError.keysMissing(endpoint: "tcp://192.0.2.1:7400")) {
            try DealerLink(
                context: context, endpoint: "tcp://192.0.2.1:7400", keys: nil, serverKey: nil, identity: [1])
        }
        let keys = try CurveKeys.generate()
        #expect(throws: TransportError.serverKeyMissing(endpoint: "tcp://127.0.0.1:7400")) {
            try DealerLink(
                context: context, endpoint: "tcp://127.0.0.1:7400", keys: keys, serverKey: nil, identity: [1])
        }
        #expect(throws: TransportError.self) {
            try RouterLink(context: context, endpoint: "tcp://127.0.0.1:0", keys: keys, allowedClients: ["short"])
        }
    }
}

@Suite struct KeyFileTests {
    @Test("a saved pair is read back, is for its owner only, and is not overwritten")
    func saveAndLoad() throws {
        try withTemporaryFolder { folder in
            let keys = try CurveKeys.generate()
            #expect(keys.publicKey.utf8.count == 40 && keys.secretKey.utf8.count == 40)
            #expect(try CurveKeys.generate() != keys)
            let path = "\(folder)/worker.key"
            try keys.save(path)
            #expect(try CurveKeys.load(path) == keys)
            var status = stat()
            #expect(stat(path, &status) == 0 && status.st_mode & 0o777 == 0o600)
            let error = #expect(throws: TransportError.self) { try CurveKeys.generate().save(path) }
            #expect(error?.description == "key file \(path): it exists already and is not overwritten")
            #expect(try CurveKeys.load(path) == keys)
            #expect(!"\(keys)".contains(keys.secretKey))
        }
    }

    @Test("a secret that others may read is refused, with the way out")
    func exposed() throws {
        try withTemporaryFolder { folder in
            let path = "\(folder)/worker.key"
            try CurveKeys.generate().save(path)
            chmod(path, 0o640)
            let error = #expect(throws: TransportError.self) { try CurveKeys.load(path) }
            #expect(error == .keyFileExposed(path: path, mode: 0o640))
            #expect(error?.description.hasSuffix("run: chmod 600 \(path)") == true)
        }
    }

    @Test("a damaged, mixed up or missing key file is named")
    func damaged() throws {
        try withTemporaryFolder { folder in
            let one = try CurveKeys.generate()
            let other = try CurveKeys.generate()
            let contents = [
                "", "public = \(one.publicKey)\n", "nonsense\n",
                "public = \(one.publicKey)\nsecret = \(one.secretKey.dropLast())\n",
                "public = \(one.publicKey)\nsecret = \(one.secretKey.dropLast())é\n",
                "public = \(other.publicKey)\nsecret = \(one.secretKey)\n",
            ]
            for (index, text) in contents.enumerated() {
                let path = "\(folder)/\(index).key"
                try KeyFile.create(path, mode: 0o600, contents: text)
                let error = #expect(throws: TransportError.self) { try CurveKeys.load(path) }
                #expect(error?.description.contains(path) == true)
                #expect(error?.description.contains(one.secretKey.dropLast()) == false)
            }
            #expect(throws: TransportError.keyFile(path: "\(folder)/none", reason: "No such file or directory")) {
                try CurveKeys.load("\(folder)/none")
            }
        }
    }

    @Test("a list of public keys is read line by line; a bad line is named by its number")
    func publicKeys() throws {
        try withTemporaryFolder { folder in
            let keys = try [CurveKeys.generate(), CurveKeys.generate()].map(\.publicKey)
            let path = "\(folder)/allowed"
            try KeyFile.create(path, mode: 0o644, contents: "# who may come\n\(keys[0])\n\n\(keys[1]) worker-2\n")
            #expect(try CurveKeys.loadPublicKeys(path) == keys)
            #expect(throws: TransportError.keyFile(path: path, reason: "it must hold one public key, it holds 2")) {
                try CurveKeys.loadPublicKey(path)
            }
            let single = "\(folder)/coordinator.pub"
            let pair = try CurveKeys.generate()
            try pair.savePublicKey(single)
            #expect(try CurveKeys.loadPublicKey(single) == pair.publicKey)
            let bad = "\(folder)/bad"
            try KeyFile.create(bad, mode: 0o644, contents: "\(keys[0])\nshort\n")
            let error = #expect(throws: TransportError.self) { try CurveKeys.loadPublicKeys(bad) }
            #expect(error == .badKey(place: "\(bad), line 2", rule: "it has 5 characters instead of 40"))
        }
    }
}
