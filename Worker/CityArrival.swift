import Basics
import FoundationEssentials
import Glibc
import Store
import Wire

/// Copies a city's files from another worker into `incoming-N`. A sorted table of rows (`.sst`) never changes under its
/// name, so what was copied before is not copied again; all else is. A file is whole or not there: it is written under
/// another name and renamed. What is in a table is checked by the store whenever it is read.
struct CityArrival {
    let folders: CityFolders
    let city: CityID
    let order: MoveOrder
    /// Asks the worker that has the city.
    let ask: (Envelope) throws -> Envelope
    let isCancelled: () -> Bool

    private var isClosed: Bool { order.step == .receiveRest }
    private var rows: String { folders.rows(.incoming, city) }

    /// Returns how many bytes went over the wire. Of a closed city, all is there, durable, and a store of this city.
    func copy() throws -> UInt64 {
        if folders.mark("move", of: city) != order.epoch {
            try folders.remove(.incoming, city)
            try folders.create(.incoming, city)
            try folders.setMark("move", of: city, to: order.epoch)
        }
        try folders.removeMark("arrived", of: city)
        try FileManager.default.createDirectory(atPath: rows, withIntermediateDirectories: true)
        let answer = try ask(Envelope(CityFilesRequest(isClosed: isClosed), city: city))
        let files = try answer.decode(CityFiles.self).files
        if let bad = files.first(where: { !CityDeparture.isName($0.name) }) {
            throw MoveError.badName(bad.name, peer: order.other)
        }
        guard files.contains(where: { $0.name == "CURRENT" }) else { throw MoveError.noStore(peer: order.other) }
        let kept = try forget(allBut: files)
        try requireRoom(for: files.filter { !kept.contains($0.name) }.reduce(0) { $0.addingSaturated($1.bytes) })
        var bytes: UInt64 = 0
        for file in files where !kept.contains(file.name) {
            try fetch(file)
            bytes += file.bytes
        }
        try folders.flush(rows)
        if isClosed {
            try check()
            try folders.setMark("arrived", of: city, to: order.epoch)
            try folders.flush(folders.directory)
        }
        return bytes
    }

    /// A copy must not fill the disk that other cities write to.
    private func requireRoom(for bytes: UInt64) throws {
        var facts = statvfs()
        guard statvfs(rows, &facts) == 0 else { return }
        let free = UInt64(facts.f_bavail) * UInt64(facts.f_frsize)
        guard free >= bytes.addingSaturated(UInt64(StoreLimits.diskReserveBytes)) else {
            throw MoveError.noRoom(rows, needs: bytes, has: free)
        }
    }

    /// Deletes what is not needed any more or may have changed. Returns what need not be copied again.
    private func forget(allBut files: [CityFiles.File]) throws -> Set<String> {
        let sizes = Dictionary(files.map { ($0.name, $0.bytes) }) { first, _ in first }
        var kept: Set<String> = []
        for name in try FileManager.default.contentsOfDirectory(atPath: rows) {
            var facts = stat()
            if name.hasSuffix(".sst"), stat("\(rows)/\(name)", &facts) == 0, sizes[name] == UInt64(facts.st_size) {
                kept.insert(name)
            } else {
                try FileManager.default.removeItem(atPath: "\(rows)/\(name)")
            }
        }
        return kept
    }

    private func fetch(_ file: CityFiles.File) throws {
        let path = "\(rows)/\(file.name)"
        let part = path + ".part"
        let descriptor = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw MoveError.file(part, reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var offset: UInt64 = 0
        while offset < file.bytes {
            if isCancelled() { throw MoveError.calledOff }
            let count = UInt32(min(file.bytes - offset, UInt64(CityDeparture.pieceBytes)))
            let request = CityFileRequest(isClosed: isClosed, name: file.name, offset: offset, count: count)
            let answer = try ask(Envelope(request, city: city))
            _ = try answer.decode(CityFilePart.self)
            let piece = try answer.bulkBytes()
            guard piece.count == Int(count) else {
                throw MoveError.endedEarly(
                    file.name, at: offset + UInt64(piece.count), of: file.bytes, peer: order.other)
            }
            try Self.write(piece, to: descriptor, path: part)
            offset += UInt64(count)
        }
        guard fsync(descriptor) == 0, rename(part, path) == 0 else {
            throw MoveError.file(path, reason: String(cString: strerror(errno)))
        }
    }

    private static func write(_ bytes: [UInt8], to descriptor: Int32, path: String) throws {
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw MoveError.file(path, reason: String(cString: strerror(errno))) }
            written += count
        }
    }

    /// Opens the copy as a store, which finds out whether its files are all there and belong together. Not the copy
    /// itself: a store that is opened makes files, and where the move is given up the former owner's store makes others
    /// of the same names.
    private func check() throws {
        let trial = folders.folder(.incoming, city) + "/trial"
        if FileManager.default.fileExists(atPath: trial) { try FileManager.default.removeItem(atPath: trial) }
        try FileManager.default.createDirectory(atPath: trial, withIntermediateDirectories: false)
        defer { try? FileManager.default.removeItem(atPath: trial) }
        for name in try FileManager.default.contentsOfDirectory(atPath: rows) {
            let (file, second) = ("\(rows)/\(name)", "\(trial)/\(name)")
            if name.hasSuffix(".sst") {
                guard link(file, second) == 0 else {
                    throw MoveError.file(second, reason: String(cString: strerror(errno)))
                }
            } else {
                try FileManager.default.copyItem(atPath: file, toPath: second)
            }
        }
        let store = try ShardStore(directory: trial, city: city, outboxIfNew: 0)
        guard store.close(waitingMilliseconds: 10_000) else { throw MoveError.stillBusy(city) }
    }
}
