import Basics
import FoundationEssentials
import Glibc

/// Where a worker's cities lie on its disk:
///
/// | folder        | what it is                                                                                  |
/// | ---           | ---                                                                                         |
/// | `city-N`      | a city that lives here: `rows`, its store, and `label`, its name and its cluster's number    |
/// | `leaving-N`   | one that was closed for another worker; opened again only when the coordinator says so      |
/// | `held-N`      | its state of one moment, while another worker copies it                                     |
/// | `incoming-N`  | what was copied of one that comes: `rows`; `move`, the epoch it comes under; `arrived`, the  |
/// |               | same, once all is there                                                                     |
///
/// A city changes its place by renaming its folder, so after a crash it is in one of them, whole.
struct CityFolders: Sendable {
    enum Place: String {
        case city, leaving, held, incoming
    }

    let directory: String

    func folder(_ place: Place, _ city: CityID) -> String { "\(directory)/\(place.rawValue)-\(city)" }

    func rows(_ place: Place, _ city: CityID) -> String { folder(place, city) + "/rows" }

    func label(_ city: CityID) -> String { folder(.city, city) + "/label" }

    func exists(_ place: Place, _ city: CityID) -> Bool {
        FileManager.default.fileExists(atPath: folder(place, city))
    }

    /// The cities with a folder there, by number.
    func cities(_ place: Place) throws -> [CityID] {
        let prefix = place.rawValue + "-"
        return try FileManager.default.contentsOfDirectory(atPath: directory).compactMap { name in
            name.hasPrefix(prefix) ? UInt32(name.dropFirst(prefix.count)).map { CityID($0) } : nil
        }.sorted()
    }

    func create(_ place: Place, _ city: CityID) throws {
        try FileManager.default.createDirectory(atPath: folder(place, city), withIntermediateDirectories: true)
    }

    func remove(_ place: Place, _ city: CityID) throws {
        guard exists(place, city) else { return }
        try FileManager.default.removeItem(atPath: folder(place, city))
    }

    /// Durable when it returns. Whatever is at the new place is deleted, unless that is where cities live.
    func rename(_ city: CityID, from old: Place, to new: Place) throws {
        if new == .city, exists(new, city) { throw MoveError.inTheWay(folder(new, city), other: folder(old, city)) }
        try remove(new, city)
        guard Glibc.rename(folder(old, city), folder(new, city)) == 0 else {
            throw MoveError.file(folder(old, city), reason: String(cString: strerror(errno)))
        }
        try flush(directory)
    }

    /// Makes what a folder lists durable.
    func flush(_ folder: String) throws {
        let descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0, fsync(descriptor) == 0 else {
            throw MoveError.file(folder, reason: String(cString: strerror(errno)))
        }
        close(descriptor)
    }

    /// The epoch that stands in a mark of an incoming city; nil: there is no such mark.
    func mark(_ name: String, of city: CityID) -> Epoch? {
        guard let text = try? String(contentsOfFile: folder(.incoming, city) + "/" + name, encoding: .utf8) else {
            return nil
        }
        return UInt64(text).map { Epoch($0) }
    }

    func removeMark(_ name: String, of city: CityID) throws {
        let path = folder(.incoming, city) + "/" + name
        if FileManager.default.fileExists(atPath: path) { try FileManager.default.removeItem(atPath: path) }
    }

    func setMark(_ name: String, of city: CityID, to epoch: Epoch) throws {
        try "\(epoch)".write(toFile: folder(.incoming, city) + "/" + name, atomically: true, encoding: .utf8)
        try flush(folder(.incoming, city))
    }
}

/// What is written on a city's folder: two lines, its name and its cluster.
struct CityLabel {
    var name: String
    var cluster: UInt64

    init(name: String, cluster: UInt64) {
        self.name = name
        self.cluster = cluster
    }

    init(file: String) throws {
        let lines = try String(contentsOfFile: file, encoding: .utf8).split(separator: "\n")
        guard lines.count == 2, let cluster = UInt64(lines[1]) else { throw CocoaError(.fileReadCorruptFile) }
        self.init(name: String(lines[0]), cluster: cluster)
    }

    /// Whole or not at all: written aside, then renamed.
    func write(file: String) throws {
        try "\(name)\n\(cluster)\n".write(toFile: file, atomically: true, encoding: .utf8)
    }
}

/// Why a worker could not do its part in a city's move.
enum MoveError: Error, CustomStringConvertible {
    case file(String, reason: String)
    case inTheWay(String, other: String)
    case notArrived(city: String, epoch: Epoch)
    case livesHere(CityID)
    case notHere(CityID)
    case stillBusy(CityID)
    case badName(String, peer: WorkerID)
    case noStore(peer: WorkerID)
    case endedEarly(String, at: UInt64, of: UInt64, peer: WorkerID)
    case noRoom(String, needs: UInt64, has: UInt64)
    case calledOff

    var description: String {
        switch self {
        case .file(let path, let reason): "\(path): \(reason)"
        case .inTheWay(let folder, let other):
            "\(folder) is in the way of \(other): find out which of them the city is, and put the other aside"
        case .notArrived(let city, let epoch):
            "\(city) was to come here under epoch \(epoch), but its files are not here; the worker that had it keeps "
                + "them in its folder leaving-NUMBER until this one has opened it"
        case .livesHere(let city): "city \(city) lives on this worker already"
        case .notHere(let city): "city \(city) is not on this worker"
        case .stillBusy(let city): "city \(city) is closed but something still works in its store; asked again"
        case .badName(let name, let peer): "worker \(peer) has a file in a store that no store has: \(name)"
        case .noStore(let peer): "worker \(peer) gave files that are no store"
        case .endedEarly(let name, let offset, let bytes, let peer):
            "worker \(peer) gave \(offset) bytes of \(name) where it has \(bytes)"
        case .noRoom(let folder, let needs, let has):
            "\(folder): \(needs) bytes are to come and the disk has \(has) left; make room, or choose another worker"
        case .calledOff: "called off"
        }
    }
}
