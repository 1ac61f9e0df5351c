import Shard
import Transport
import Wire

extension Service {
    /// A part of 256 MiB takes so long at 70 Mbit/s. What takes longer is asked for again, and in the end left out.
    private static let fetchMilliseconds = 30_000

    /// Fetches another city's part from the worker that has that city, which may be this one. That it cannot be had is
    /// no fault of this city.
    func fetch(_ order: FetchRows, for shard: CityShard) throws -> RowsFetched {
        guard try shard.needsRows(order) else { return RowsFetched(order, .taken) }
        let request = Envelope(
            RowsRequest(job: order.job, stage: order.stage, to: shard.city), city: order.from, epoch: order.epoch,
            job: order.job)
        let answer: Envelope
        do throws(PeerError) {
            answer = try peers.ask(order.worker, request, milliseconds: Self.fetchMilliseconds)
        } catch {
            return RowsFetched(order, .unreached, detail: "\(error)")
        }
        guard try answer.decode(Rows.self).isKept else {
            let detail = "city \(order.from) does not know how far it was in embedding itself with others"
            return RowsFetched(order, .gone, detail: detail)
        }
        let part = try answer.bulkBytes()
        try shard.take(part, order)
        return RowsFetched(order, .taken, bytes: peers.isOwn(order.worker) ? 0 : UInt64(part.count))
    }
}
