import Basics
import Transport

extension Verb {
    static let keys = Verb(
        name: "keys",
        summary: "make the key pair of a process",
        usage: """
            muster keys generate --out FILE

            Writes the key pair to FILE, for its owner only, and the public key alone to FILE.pub.
            """,
        settings: [Setting("out", "the file to write", .path, scope: .call)]
    ) { invocation in
        guard invocation.words == ["generate"], let path = invocation.settings.path("out") else {
            throw UsageError("muster keys generate --out FILE")
        }
        let keys = try CurveKeys.generate()
        try keys.save(path)
        try keys.savePublicKey(path + ".pub")
    }
}
