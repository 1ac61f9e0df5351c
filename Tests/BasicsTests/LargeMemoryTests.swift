import Basics
import Testing

@Suite struct LargeMemoryTests {
    @Test(arguments: [0, 1, 1000, 3 << 20])
    func aListHoldsWhatItIsGivenWhateverItsPages(count: Int) {
        var list: [UInt64] = []
        list.reserveInHugePages(count)
        #expect(list.isEmpty && list.capacity >= count)
        for number in 0..<count { list.append(UInt64(number) * 3) }
        #expect(list.indices.allSatisfy { list[$0] == UInt64($0) * 3 })
    }

    @Test(arguments: [0, 1, 3 << 20])
    func largeMemoryIsZeroAtFirst(count: Int) {
        let memory = LargeMemory<UInt32>(count: count)
        #expect(memory.count == count && (0..<count).allSatisfy { memory.base[$0] == 0 })
    }
}
