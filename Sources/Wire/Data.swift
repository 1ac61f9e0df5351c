// Rows on their way in. The command names its cities, gets the table of owners, and sends blocks of rows;
// a block is stored and synced before it is answered, so a lost answer is repaired by sending it again.

package import Basics

/// Command to coordinator: these cities exist. Answer: `CityTable` of the whole cluster. Naming one again
/// changes nothing.
package struct RegisterCities: Body {
    package static let kind = Kind.registerCities
    /// In the order that gives numbers to new ones.
    package var names: [String]

    package init(names: [String]) { self.names = names }

    package init(from reader: inout ByteReader) throws(ByteError) {
        names = try reader.getNames()
        guard !names.contains("") else { throw .invalid("a city without a name") }
    }

    package func encode(into writer: inout ByteWriter) { writer.put(names: names) }
}

/// One city as the coordinator sees it.
package struct CityRow: Part {
    static let bytesMin = 23
    /// The city it is about.
    package var city: CityID
    /// Its name.
    package var name: String
    /// The epoch of its present owner; 0: it never had one.
    package var epoch: Epoch
    /// nil: nobody owns it yet.
    package var worker: WorkerID?
    /// Empty where nobody owns it.
    package var workerName: String
    /// Whether the owner was heard of lately.
    package var alive: Bool
    /// The last one heard; nil: none since the coordinator started.
    package var report: CityReport?

    package init(
        city: CityID, name: String, epoch: Epoch, worker: WorkerID?, workerName: String, alive: Bool,
        report: CityReport?
    ) {
        self.city = city
        self.name = name
        self.epoch = epoch
        self.worker = worker
        self.workerName = workerName
        self.alive = alive
        self.report = report
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        city = try reader.getIdentifier()
        name = try reader.getName()
        epoch = try reader.getIdentifier()
        worker = try reader.getBool() ? try reader.getIdentifier() : nil
        workerName = try reader.getName()
        alive = try reader.getBool()
        report = try reader.getBool() ? try CityReport(from: &reader) : nil
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(city)
        writer.put(name)
        writer.put(epoch)
        writer.put(worker != nil)
        if let worker { writer.put(worker) }
        writer.put(workerName)
        writer.put(alive)
        writer.put(report != nil)
        if let report { writer.put(report) }
    }
}

/// Coordinator to command: all cities, ascending by number.
package struct CityTable: Body {
    package static let kind = Kind.cityTable
    /// Ascending by number, with and without owner.
    package var cities: [CityRow]

    package init(cities: [CityRow]) { self.cities = cities }

    package init(from reader: inout ByteReader) throws(ByteError) {
        cities = try reader.getList(smallest: CityRow.bytesMin)
    }

    package func encode(into writer: inout ByteWriter) { writer.put(list: cities) }
}

/// Command to the city's owner, by way of the coordinator: store these rows. The header names the city,
/// bulk frame 0 is the block of rows. Answer: `Imported` after a synced write.
package struct ImportBlock: Body {
    package static let kind = Kind.importBlock
    package init() {}
    package init(from reader: inout ByteReader) throws(ByteError) {}
    package func encode(into writer: inout ByteWriter) {}
}

/// One row of a block that was not stored.
package struct RowReject: Part {
    /// Place in the block, from 0.
    package var index: UInt32
    /// The rule it breaks, in one line.
    package var reason: String

    package init(index: UInt32, reason: String) {
        self.index = index
        self.reason = reason
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        index = try reader.get()
        reason = try reader.getDetail()
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(index)
        writer.put(detail: reason)
    }
}

/// Worker to command: what became of a block. new + known + rejects = rows of the block.
package struct Imported: Body {
    package static let kind = Kind.imported
    /// Rows stored for the first time.
    package var new: UInt32
    /// Rows that were there already.
    package var known: UInt32
    /// Rows not stored; the others of the block are.
    package var rejects: [RowReject]

    package init(new: UInt32, known: UInt32, rejects: [RowReject]) {
        self.new = new
        self.known = known
        self.rejects = rejects
    }

    package init(from reader: inout ByteReader) throws(ByteError) {
        new = try reader.get()
        known = try reader.get()
        rejects = try reader.getList(smallest: 8)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(new)
        writer.put(known)
        writer.put(list: rejects)
    }
}
