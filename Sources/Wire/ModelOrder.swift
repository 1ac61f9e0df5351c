// Which model a training job trains, and with which settings, as people say it: names and texts. What they mean is the
// business of those who compute; on the way it is a block of bytes.

package import Basics

/// A model's name and the settings that differ from its own.
package struct ModelOrder: Part {
    /// One setting.
    package struct Setting: Part {
        package var name: String
        package var value: String

        package init(name: String, value: String) { (self.name, self.value) = (name, value) }

        package init(from reader: inout ByteReader) throws(ByteError) {
            name = try reader.getName()
            value = try reader.getName()
        }

        package func encode(into writer: inout ByteWriter) {
            writer.put(name)
            writer.put(value)
        }
    }

    /// graphrec, lightgcn or sociallgn.
    package var model: String
    package var settings: [Setting]

    /// What an empty block stands for.
    package static let standard = ModelOrder(model: "graphrec", settings: [])

    package init(model: String, settings: [Setting]) { (self.model, self.settings) = (model, settings) }

    package init(from reader: inout ByteReader) throws(ByteError) {
        model = try reader.getName()
        settings = try reader.getList(smallest: 8)
    }

    package func encode(into writer: inout ByteWriter) {
        writer.put(model)
        writer.put(list: settings)
    }

    /// The block of a job's messages.
    package var block: [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    package init(block: [UInt8]) throws(ByteError) {
        if block.isEmpty {
            self = .standard
            return
        }
        var reader = ByteReader(block)
        try self.init(from: &reader)
        try reader.finish()
    }
}
