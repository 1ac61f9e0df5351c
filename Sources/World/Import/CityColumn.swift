import Basics

/// Turns the city names of rows into small numbers, `slots`, in order of first use. Rows of one city
/// mostly follow one another, so the last name is kept and compared before anything is looked up.
struct CityColumn {
    /// The city that each slot stands for.
    private(set) var cities: [CityID] = []
    private let known: [String: CityID]
    private var slots: [CityID: Int] = [:]
    private var lastName: [UInt8] = []
    private var lastSlot = 0

    /// `known` are the cities whose rows are wanted.
    init(known: [String: CityID]) { self.known = known }

    /// The slot of the city named in a column of the table's current row.
    mutating func slot(_ table: borrowing TextTable, _ column: Int) throws(RowFault) -> Int {
        if !lastName.isEmpty && table.field(column, is: lastName) { return lastSlot }
        let name = try table.text(column, "city")
        guard let city = known[name] else { throw RowFault(reason: "city \(name) is not one of the import's cities") }
        lastName = Array(name.utf8)
        lastSlot = slots[city] ?? cities.count
        if lastSlot == cities.count {
            slots[city] = lastSlot
            cities.append(city)
        }
        return lastSlot
    }
}
