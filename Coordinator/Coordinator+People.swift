import Basics
import Cluster
import Wire

// Questions about a person. Without a city they go to the person's home, which only the worker that has it knows: the
// first question asks all workers, the answer is remembered. With a city they go there; a city that has never heard of
// the person hands the question back, and it is asked again with their record, which is found the same way.

/// Looking for the home of one person: who waits for it, and the questions that no worker has answered yet.
struct HomeSearch {
    var waiting: [(request: Envelope, peer: [UInt8])] = []
    var open = Set<RequestID>()
    /// Whether a worker that may know them could not be asked, or did not answer.
    var isPartial = false
}

extension Coordinator {
    /// In the request book, these searches are this peer; no ZeroMQ identity is two zeros.
    static let searchPeer: [UInt8] = [0, 0]
    /// Homes that are remembered; when there are more, all are forgotten.
    private static let homesMax = 1 << 20
    /// Questions that wait for one person's home, and homes that are looked for at a time.
    private static let waitingMax = 1000

    /// A question with a city goes there, one without to the person's home.
    func recommend(_ request: Envelope, from peer: [UInt8]) throws {
        if request.city != nil { return forward(request, from: peer) }
        let person = try asker(of: request)
        guard let home = homes[person] else { return search(for: person, request, from: peer) }
        var request = request
        request.city = home
        forward(request, from: peer)
    }

    /// A city does not know who asks: the question is asked again with their record.
    func takeMissing(_ message: Envelope) throws {
        guard let asker = book.answer(message.request) else { return }
        let missing = try message.decode(PersonMissing.self)
        guard let kind = Kind(rawValue: missing.question) else { throw WireError.unknownKind(missing.question) }
        var question = message
        (question.kind, question.body, question.bulk) = (kind, missing.body, [])
        question.request = asker.id
        question.deadlineMilliseconds = deadlineMilliseconds
        let person = try self.asker(of: question)
        homes[person] = nil
        search(for: person, question, from: asker.peer)
    }

    private func asker(of question: Envelope) throws -> PersonID {
        question.kind == .recommendPlaces
            ? try question.decode(RecommendPlaces.self).person : try question.decode(RecommendPeople.self).person
    }

    private func search(for person: PersonID, _ request: Envelope, from peer: [UInt8]) {
        if let known = searches[person] {
            guard known.waiting.count < Self.waitingMax else {
                return refuse(request, peer, .busy, "too many questions wait for person \(person); ask again")
            }
            searches[person]?.waiting.append((request, peer))
            return
        }
        guard searches.count < Self.waitingMax else {
            return refuse(request, peer, .busy, "too many people are being looked for; ask again")
        }
        var search = HomeSearch(waiting: [(request, peer)])
        search.isPartial = map.placements.contains { $0.worker.map { membership.peer(of: $0) == nil } ?? false }
        let deadline = now.later(by: UInt64(deadlineMilliseconds) / 1000 + 1)
        for worker in membership.alive {
            let number = nextSearch()
            guard let home = membership.peer(of: worker),
                let forwarded = book.forward(from: Self.searchPeer, id: number, to: worker, deadline: deadline)
            else {
                search.isPartial = true
                continue
            }
            searched[number] = person
            if send(Envelope(PersonRequest(person: person), request: forwarded), to: home) {
                search.open.insert(number)
            } else {
                _ = book.answer(forwarded)
                searched[number] = nil
                search.isPartial = true
            }
        }
        searches[person] = search
        if search.open.isEmpty { endSearch(for: person) }
    }

    /// What a worker says of a person, or that it says nothing.
    func takeHome(_ message: Envelope) {
        guard let person = searched.removeValue(forKey: message.request),
            searches[person]?.open.remove(message.request) != nil
        else { return }
        if let home = (try? message.decode(PersonAnswer.self))?.home, let record = message.bulk.first {
            if homes.count >= Self.homesMax { homes = [:] }
            homes[person] = home
            for (request, peer) in searches.removeValue(forKey: person)?.waiting ?? [] {
                var request = request
                request.city = request.city ?? home
                request.bulk = [record]
                forward(request, from: peer)
            }
            return
        }
        if message.kind == .failure { searches[person]?.isPartial = true }
        if searches[person]?.open.isEmpty == true { endSearch(for: person) }
    }

    private func endSearch(for person: PersonID) {
        guard let search = searches.removeValue(forKey: person) else { return }
        for (request, peer) in search.waiting {
            if search.isPartial {
                refuse(request, peer, .unavailable, "person \(person) may live where no worker answers now; ask again")
            } else if let city = moves.keys.sorted().first(where: { isMoving($0) }) {
                // Nobody holds that city open just now, so nobody could say that they live there.
                hold(request, from: peer, for: city)
            } else {
                refuse(request, peer, .unknownPerson, "no city knows person \(person)")
            }
        }
    }
}
