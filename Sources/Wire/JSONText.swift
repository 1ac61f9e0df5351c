// JSON, written down directly. Recommendations are asked for thousands of times a second, and Foundation's encoder,
// which builds and sorts a dictionary for every object, takes longer over an answer than the model does. The bytes are
// those of that encoder with sorted keys and slashes as they are; a test holds both against each other.

/// JSON text in the making: the caller says what comes, in order.
struct JSONText {
    private(set) var bytes: [UInt8] = []
    private var needsComma = false

    mutating func object(_ body: (inout JSONText) -> Void) { nest("{", "}", body) }

    mutating func array<Element>(_ elements: [Element], _ body: (Element, inout JSONText) -> Void) {
        nest("[", "]") { text in for element in elements { body(element, &text) } }
    }

    /// A member of an object; its value comes next.
    mutating func key(_ name: StaticString) {
        separate()
        quote(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
        bytes.append(UInt8(ascii: ":"))
        needsComma = false
    }

    mutating func value(_ text: String) {
        separate()
        var text = text
        text.withUTF8 { quote($0) }
    }

    mutating func value(_ flag: Bool) {
        separate()
        bytes += (flag ? "true" : "false").utf8
    }

    mutating func value(_ number: UInt64) {
        separate()
        bytes += String(number).utf8
    }

    /// A finite number.
    mutating func value(_ number: Float) {
        separate()
        let text = number.description
        bytes += (text.hasSuffix(".0") ? text.dropLast(2) : text[...]).utf8
    }

    private mutating func nest(_ open: Unicode.Scalar, _ close: Unicode.Scalar, _ body: (inout JSONText) -> Void) {
        separate()
        bytes.append(UInt8(ascii: open))
        needsComma = false
        body(&self)
        bytes.append(UInt8(ascii: close))
        needsComma = true
    }

    private mutating func separate() {
        if needsComma { bytes.append(UInt8(ascii: ",")) }
        needsComma = true
    }

    private mutating func quote(_ text: UnsafeBufferPointer<UInt8>) {
        bytes.append(UInt8(ascii: "\""))
        let isPlain = text.allSatisfy { $0 >= 0x20 && $0 != UInt8(ascii: "\"") && $0 != UInt8(ascii: "\\") }
        if isPlain { bytes.append(contentsOf: text) } else { escape(text) }
        bytes.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ text: UnsafeBufferPointer<UInt8>) {
        for byte in text {
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
            case 0x08: bytes += "\\b".utf8
            case 0x09: bytes += "\\t".utf8
            case 0x0A: bytes += "\\n".utf8
            case 0x0C: bytes += "\\f".utf8
            case 0x0D: bytes += "\\r".utf8
            case 0..<0x20: bytes += ((byte < 16 ? "\\u000" : "\\u00") + String(byte, radix: 16)).utf8
            default: bytes.append(byte)
            }
        }
    }
}

extension PlaceRecommendationsView {
    /// The same bytes as Foundation's encoder gives, sooner. All scores must be finite.
    package func json() -> [UInt8] {
        var text = JSONText()
        text.object { text in
            head(away, city, knownBy, model, &text)
            text.key("person")
            text.value(person)
            text.key("places")
            text.array(places) { place, text in
                text.object { text in
                    text.key("place")
                    text.value(place.place)
                    text.key("reasons")
                    text.array(place.reasons) { $0.write(to: &$1) }
                    text.key("score")
                    text.value(place.score)
                }
            }
        }
        return text.bytes
    }
}

extension PeopleRecommendationsView {
    /// See `PlaceRecommendationsView`.
    package func json() -> [UInt8] {
        var text = JSONText()
        text.object { text in
            head(away, city, knownBy, model, &text)
            text.key("people")
            text.array(people) { person, text in
                text.object { text in
                    text.key("attends")
                    text.value(person.attends)
                    text.key("compatible")
                    text.value(person.compatible)
                    text.key("person")
                    text.value(person.person)
                    text.key("reasons")
                    text.array(person.reasons) { $0.write(to: &$1) }
                    text.key("score")
                    text.value(person.score)
                }
            }
            text.key("person")
            text.value(person)
        }
        return text.bytes
    }
}

private func head(_ away: Bool, _ city: String, _ knownBy: KnownBy, _ model: UInt64, _ text: inout JSONText) {
    text.key("away")
    text.value(away)
    text.key("city")
    text.value(city)
    text.key("knownBy")
    text.value(knownBy.rawValue)
    text.key("model")
    text.value(model)
}

extension ReasonView {
    fileprivate func write(to text: inout JSONText) {
        text.object { text in
            text.key("effect")
            text.value(effect)
            text.key("features")
            text.array(features) { $1.value($0) }
            text.key("kind")
            text.value(kind)
            text.key("text")
            text.value(self.text)
        }
    }
}
