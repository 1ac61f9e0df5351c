import Basics
import Testing

@testable import Cluster

@Suite struct RequestBookTests {
    private let first = WorkerID(1)
    private let second = WorkerID(2)
    private func asker(_ peer: UInt8, _ id: UInt64) -> Asker { Asker(peer: [peer], id: RequestID(id)) }

    @Test func anAnswerFindsItsAskerOnce() {
        var book = RequestBook(firstNumber: 100)
        let one = book.forward(from: [1], id: RequestID(7), to: first, deadline: Tick(5))!
        let two = book.forward(from: [2], id: RequestID(7), to: first, deadline: Tick(5))!
        #expect(one == RequestID(100) && two == RequestID(101))
        #expect(book.answer(two) == asker(2, 7))
        #expect(book.answer(two) == nil)
        #expect(book.answer(one) == asker(1, 7))
        #expect(book.count == 0)
    }

    @Test func aRetryKeepsItsNumberAndTakesTheNewDeadline() {
        var book = RequestBook()
        let one = book.forward(from: [1], id: RequestID(7), to: first, deadline: Tick(5))
        #expect(book.forward(from: [1], id: RequestID(7), to: second, deadline: Tick(9)) == one)
        #expect(book.count == 1)
        #expect(book.expire(at: Tick(6)) == [])
        #expect(book.lost(first) == [])
        #expect(book.lost(second) == [asker(1, 7)])
    }

    @Test func aFullBookTakesNoMoreUntilOneLeaves() {
        var book = RequestBook(capacity: 2)
        let one = book.forward(from: [1], id: RequestID(1), to: first, deadline: Tick(5))!
        #expect(book.forward(from: [1], id: RequestID(2), to: first, deadline: Tick(5)) != nil)
        #expect(book.forward(from: [1], id: RequestID(3), to: first, deadline: Tick(5)) == nil)
        #expect(book.forward(from: [1], id: RequestID(2), to: first, deadline: Tick(5)) != nil)
        #expect(book.answer(one) != nil)
        #expect(book.forward(from: [1], id: RequestID(3), to: first, deadline: Tick(5)) != nil)
    }

    @Test func deadlinesEndAfterTheirTickInTheOrderOfAsking() {
        var book = RequestBook()
        for id in 1...20 {
            _ = book.forward(from: [1], id: RequestID(UInt64(id)), to: first, deadline: Tick(UInt64(id % 3)))
        }
        #expect(book.expire(at: Tick(0)) == [])
        #expect(book.expire(at: Tick(1)).map(\.id.number) == [3, 6, 9, 12, 15, 18])
        #expect(book.expire(at: Tick(9)).map(\.id.number) == (1...20).filter { $0 % 3 != 0 })
        #expect(book.count == 0)
    }

    @Test func anAskerThatIsGoneIsForgotten() {
        var book = RequestBook()
        _ = book.forward(from: [1], id: RequestID(1), to: first, deadline: Tick(5))
        _ = book.forward(from: [2], id: RequestID(1), to: first, deadline: Tick(5))
        book.forget(peer: [1])
        #expect(book.lost(first) == [asker(2, 1)])
    }
}
