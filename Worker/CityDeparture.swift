import Basics
import FoundationEssentials
import Glibc
import Wire

/// What a worker gives of a city that another one copies: while the city works on, its state of one moment; once it is
/// closed, its files as they lie.
struct CityDeparture: Sendable {
    let host: ShardHost

    /// Bytes of a file that go into one message.
    static let pieceBytes = 4 << 20

    func files(of city: CityID, _ request: CityFilesRequest) throws -> CityFiles {
        if !request.isClosed {
            guard let shard = host.shard(city) else { throw MoveError.notHere(city) }
            try host.hold(shard)
        }
        let folder = try folder(of: city, isClosed: request.isClosed)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder).filter { Self.isCopied($0) }
        return CityFiles(files: try names.sorted().map { .init(name: $0, bytes: try Self.size("\(folder)/\($0)")) })
    }

    func piece(of city: CityID, _ request: CityFileRequest) throws -> [UInt8] {
        guard Self.isName(request.name) else { throw MoveError.file(request.name, reason: "no name of a file") }
        let path = "\(try folder(of: city, isClosed: request.isClosed))/\(request.name)"
        if !request.isClosed { host.noteHeld(city) }
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw MoveError.file(path, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var failure: Int32 = 0
        let count = min(Int(request.count), Self.pieceBytes)
        guard let offset = off_t(exactly: request.offset), offset <= off_t.max - count else {
            throw MoveError.file(path, reason: "no file is \(request.offset) bytes long")
        }
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            while filled < count {
                let got = pread(descriptor, buffer.baseAddress! + filled, count - filled, Int(offset) + filled)
                if got < 0 && errno == EINTR { continue }
                if got < 0 { failure = errno }
                if got <= 0 { return }
                filled += got
            }
        }
        guard failure == 0 else { throw MoveError.file(path, reason: String(cString: strerror(failure))) }
        return bytes
    }

    private func folder(of city: CityID, isClosed: Bool) throws -> String {
        let place: CityFolders.Place = isClosed ? .leaving : .held
        guard host.folders.exists(place, city) else { throw MoveError.notHere(city) }
        return host.folders.rows(place, city)
    }

    /// What a store needs. Its lock and its own log of what it did stay.
    private static func isCopied(_ name: String) -> Bool {
        isName(name) && name != "LOCK" && !name.hasPrefix("LOG") && !name.hasPrefix("ingest-")
    }

    /// The name of a file in a folder, not a way out of it.
    static func isName(_ name: String) -> Bool {
        !name.isEmpty && !name.hasPrefix(".") && !name.contains("/") && !name.contains("\0")
    }

    private static func size(_ path: String) throws -> UInt64 {
        var facts = stat()
        guard stat(path, &facts) == 0 else { throw MoveError.file(path, reason: String(cString: strerror(errno))) }
        return UInt64(facts.st_size)
    }
}
