import Foundation

/// As much of JSON Schema (2020-12) as the published schemas use. An unknown keyword is a fault of the schema.
struct Schema {
    private let rules: [String: Any]

    init(_ rules: [String: Any]) { self.rules = rules }

    /// The published schema of a type, by its name in `docs/schemas`.
    init(published name: String) throws {
        let object = try JSONSerialization.jsonObject(with: Data(contentsOf: Self.url(of: name)))
        rules = object as? [String: Any] ?? [:]
    }

    static let folder = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "docs/schemas")

    static func url(of name: String) -> URL { folder.appending(path: "\(name).json") }

    /// What is wrong with a value; empty when nothing is.
    func faults(of value: Any, at path: String = "$") -> [String] {
        var faults: [String] = []
        for (word, rule) in rules.sorted(by: { $0.key < $1.key }) {
            switch word {
            case "$schema", "$id", "title", "description", "items", "properties", "additionalProperties": break
            case "type":
                if !Self.types(rule).contains(where: { Self.isA($0, value) }) { faults.append("\(path): type") }
            case "const": if !Self.equal(rule, value) { faults.append("\(path): const") }
            case "enum":
                let choices = rule as? [Any] ?? []
                if !choices.contains(where: { Self.equal($0, value) }) { faults.append("\(path): enum") }
            case "pattern":
                let text = value as? String ?? ""
                if text.range(of: rule as? String ?? "", options: .regularExpression) == nil {
                    faults.append("\(path): pattern")
                }
            case "minLength": if (value as? String ?? "").count < Self.number(rule) { faults.append("\(path): short") }
            case "maxLength": if (value as? String ?? "").count > Self.number(rule) { faults.append("\(path): long") }
            case "minItems": if (value as? [Any] ?? []).count < Self.number(rule) { faults.append("\(path): few") }
            case "maxItems": if (value as? [Any] ?? []).count > Self.number(rule) { faults.append("\(path): many") }
            case "minimum":
                if !((value as? Double) ?? -1 >= Double(Self.number(rule))) { faults.append("\(path): less") }
            case "maximum":
                if !((value as? Double) ?? 1e9 <= Double(Self.number(rule))) { faults.append("\(path): more") }
            case "required":
                for name in rule as? [String] ?? [] where (value as? [String: Any])?[name] == nil {
                    faults.append("\(path): \(name) is missing")
                }
            default: faults.append("the schema says \(word)")
            }
        }
        return faults + inner(value, path)
    }

    private func inner(_ value: Any, _ path: String) -> [String] {
        var faults: [String] = []
        if let list = value as? [Any], let rule = rules["items"] as? [String: Any] {
            for (index, item) in list.enumerated() { faults += Schema(rule).faults(of: item, at: "\(path)[\(index)]") }
        }
        guard let object = value as? [String: Any], let known = rules["properties"] as? [String: Any] else {
            return faults
        }
        for (name, item) in object.sorted(by: { $0.key < $1.key }) {
            if let rule = known[name] as? [String: Any] {
                faults += Schema(rule).faults(of: item, at: "\(path).\(name)")
            } else if rules["additionalProperties"] as? Bool == false {
                faults.append("\(path): \(name) is unknown")
            }
        }
        return faults
    }

    private static func types(_ rule: Any) -> [String] { rule as? [String] ?? [rule as? String ?? ""] }

    private static func isA(_ type: String, _ value: Any) -> Bool {
        let isFlag = (value as? NSNumber).map { String(cString: $0.objCType) == "c" } ?? false
        switch type {
        case "object": return value is [String: Any]
        case "array": return value is [Any]
        case "string": return value is String
        case "boolean": return isFlag
        case "number": return value is NSNumber && !isFlag
        case "integer": return !isFlag && (value as? Double).map { $0 == $0.rounded() } ?? false
        default: return false
        }
    }

    private static func equal(_ one: Any, _ other: Any) -> Bool { (one as? NSObject)?.isEqual(other) ?? false }

    private static func number(_ rule: Any) -> Int { (rule as? NSNumber)?.intValue ?? .min }
}
