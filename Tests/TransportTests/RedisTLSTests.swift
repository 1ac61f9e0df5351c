import Foundation
import Testing

@testable import Transport

/// An authority for one test, what it signs, and a redis-server that speaks TLS only.
private final class TLSRedis {
    let folder = FileManager.default.temporaryDirectory.appending(path: "muster-\(UUID().uuidString.prefix(8))")
    private(set) var port: UInt16 = 0
    private let process = Process()

    func path(_ name: String) -> String { folder.appending(path: name).path }

    /// `name` is what the certificate is for, such as `DNS:localhost`.
    init(for name: String, asksForCertificates: Bool = false) throws {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for authority in ["ca", "other"] {
            try openssl(
                "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=\(authority)"
                    + " -keyout \(path("\(authority).key")) -out \(path("\(authority).pem"))")
        }
        try sign("redis", name)
        try sign("client", "DNS:client")
        port = RedisServer.freePort()
        process.executableURL = URL(filePath: RedisServer.binary ?? "")
        process.arguments = [
            "--port", "0", "--tls-port", "\(port)", "--bind", "127.0.0.1", "--dir", folder.path, "--save", "",
            "--tls-cert-file", path("redis.pem"), "--tls-key-file", path("redis.key"), "--tls-ca-cert-file",
            path("ca.pem"), "--tls-auth-clients", asksForCertificates ? "yes" : "no",
        ]
        let output = Pipe()
        process.standardOutput = output
        try process.run()
        var said = ""
        while !said.contains("eady to accept connections") {
            let more = output.fileHandleForReading.availableData
            if more.isEmpty { throw CocoaError(.executableLoad, userInfo: ["said": said]) }
            said += String(decoding: more, as: UTF8.self)
        }
    }

    deinit {
        if process.isRunning {
            Foundation.kill(process.processIdentifier, SIGKILL)
            process.waitUntilExit()
        }
        try? FileManager.default.removeItem(at: folder)
    }

    private func sign(_ who: String, _ name: String) throws {
        try openssl(
            "req -newkey rsa:2048 -nodes -subj /CN=\(who) -addext subjectAltName=\(name)"
                + " -keyout \(path("\(who).key")) -out \(path("\(who).csr"))")
        try openssl(
            "x509 -req -in \(path("\(who).csr")) -CA \(path("ca.pem")) -CAkey \(path("ca.key")) -days 2"
                + " -copy_extensions copy -out \(path("\(who).pem"))")
    }

    private func openssl(_ words: String) throws {
        let tool = Process()
        tool.executableURL = URL(filePath: "/usr/bin/env")
        tool.arguments = ["openssl"] + words.split(separator: " ").map(String.init)
        (tool.standardOutput, tool.standardError) = (FileHandle.nullDevice, FileHandle.nullDevice)
        try tool.run()
        tool.waitUntilExit()
        guard tool.terminationStatus == 0 else { throw CocoaError(.executableLoad, userInfo: ["openssl": words]) }
    }

    func client(_ trust: RedisTrust, host: String = "127.0.0.1") -> RedisClient {
        RedisClient(address: "rediss://\(host):\(port)", login: RedisLogin(trust: trust))
    }

    /// Why a connection does not come about or does not last; nil: it does.
    func refusal(_ trust: RedisTrust, host: String = "127.0.0.1") -> String? {
        do throws(RedisError) {
            _ = try client(trust, host: host).say("PING")
            return nil
        } catch { return "\(error)" }
    }
}

@Suite(.enabled(if: RedisServer.binary != nil, "no redis-server on this machine"), .serialized)
struct RedisTLSTests {
    @Test func answersOfAnySizePassAndTheCertificateIsJudged() throws {
        let redis = try TLSRedis(for: "IP:127.0.0.1")
        let trust = RedisTrust(authorities: redis.path("ca.pem"))
        let client = redis.client(trust)
        for size in [0, 1, 16_383, 16_384, 16_385, 3_000_000] {
            let value = String(repeating: "x", count: size)
            #expect(try client.say("SET", "key", value) == "OK")
            #expect(try client.say("GET", "key") == value)
        }
        let many = (0..<2000).map { [Array("ECHO".utf8), Array("\($0)".utf8)] }
        try client.send(many)
        for number in 0..<2000 { #expect(try client.answer() == .text(Array("\(number)".utf8))) }

        let stranger = redis.refusal(RedisTrust(authorities: redis.path("other.pem")))
        #expect(stranger?.contains("not believed: self-signed certificate in certificate chain") == true)
        #expect(redis.refusal(RedisTrust())?.contains("is not believed") == true)
        let elsewhere = redis.refusal(RedisTrust(authorities: redis.path("ca.pem"), serverName: "redis.example.org"))
        #expect(elsewhere?.contains("redis.example.org is not believed: hostname mismatch") == true)
        #expect(redis.refusal(trust, host: "localhost")?.contains("hostname mismatch") == true)
        let missing = redis.refusal(RedisTrust(authorities: redis.path("nothing.pem")))
        #expect(missing?.contains("redis-ca-file") == true && missing?.contains("cannot be used") == true)
    }

    @Test func aRedisThatAsksForCertificatesGetsOne() throws {
        let redis = try TLSRedis(for: "DNS:redis.example.org", asksForCertificates: true)
        var trust = RedisTrust(authorities: redis.path("ca.pem"), serverName: "redis.example.org")
        let bare = redis.refusal(trust)
        #expect(bare?.contains("certificate required") == true, "\(bare ?? "no fault")")
        (trust.certificate, trust.key) = (redis.path("client.pem"), redis.path("client.key"))
        #expect(redis.refusal(trust) == nil)
        trust.key = redis.path("redis.key")
        #expect(redis.refusal(trust)?.contains("redis-key-file") == true)
    }

    @Test func aPortThatSpeaksNoTLSIsNamed() throws {
        let server = try RedisServer(overTCP: true)
        let client = RedisClient(address: "rediss://127.0.0.1:\(server.port)", login: nil)
        do throws(RedisError) {
            _ = try client.say("PING")
            Issue.record("an encrypted connection to a plain port")
        } catch { #expect("\(error)".contains("does that port speak TLS?")) }
    }
}
