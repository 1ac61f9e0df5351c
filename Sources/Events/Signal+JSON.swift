import Basics
import FoundationEssentials

// Signals as HTTP brings them: one JSON object, or a list of them. Numbers may be written as numbers or as strings;
// what is nested is refused for itself, and what is no JSON at all as a whole.

/// Why a body holds no signals.
package enum SignalsError: Error, Equatable {
    case notJSON
    case tooMany
}

extension SignalFields {
    /// The signals of a body, in their order, each read or refused.
    package static func list(json: [UInt8]) throws(SignalsError) -> [Result<SignalFields, SignalFault>] {
        let decoder = JSONDecoder()
        let data = Data(json)
        let objects: [LooseObject]
        if json.first(where: { !" \n\r\t".utf8.contains($0) }) == UInt8(ascii: "[") {
            guard let list = try? decoder.decode([LooseObject].self, from: data) else { throw .notJSON }
            objects = list
        } else {
            guard let one = try? decoder.decode(LooseObject.self, from: data) else { throw .notJSON }
            objects = [one]
        }
        guard objects.count <= SignalLimits.requestSignalsMax else { throw .tooMany }
        return objects.map { object in
            guard let flat = object.flat else { return .failure(.notFlat) }
            return Result { () throws(SignalFault) in try SignalFields(EntryFields(flat)) }
        }
    }
}

/// Anything that JSON can say, of which only flat objects are remembered.
private struct LooseObject: Decodable {
    var flat: [[UInt8]]?

    init(from decoder: any Decoder) throws {
        guard let values = try? decoder.singleValueContainer().decode([String: LooseValue].self) else { return }
        var flat: [[UInt8]] = []
        for (name, value) in values {
            guard let text = value.text else { return }
            flat.append(Array(name.utf8))
            flat.append(Array(text.utf8))
        }
        self.flat = flat
    }
}

private struct LooseValue: Decodable {
    var text: String?

    init(from decoder: any Decoder) throws {
        guard let container = try? decoder.singleValueContainer() else { return }
        if let text = try? container.decode(String.self) {
            self.text = text
        } else if let number = try? container.decode(UInt64.self) {
            text = String(number)
        } else if let number = try? container.decode(Double.self) {
            text = String(number)
        }
    }
}
