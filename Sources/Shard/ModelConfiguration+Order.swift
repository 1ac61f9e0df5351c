package import Learn
package import Wire

extension ModelConfiguration {
    /// The model that an order names. Throws what is wrong with it.
    package init(_ order: ModelOrder) throws {
        do {
            try self.init(named: order.model, settings: order.settings.map { ($0.name, $0.value) })
        } catch {
            throw ShardError.badModel(reason: "\(error)")
        }
    }
}
