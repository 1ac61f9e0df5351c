/// What Redis runs for an append. Lua numbers are doubles: ids are written with "%.0f", since plain
/// conversion would round beyond 14 digits.
enum RelayScript {
    /// KEYS: the stream, the epoch key. ARGV: our epoch, the first sequence, 1 if a hole is accepted, the events.
    /// Answers a verdict and a number. Redis 5 and later.
    static let source = """
        local epoch, first, hole = tonumber(ARGV[1]), tonumber(ARGV[2]), ARGV[3] == '1'
        local writer, last = 0, 0
        if redis.call('EXISTS', KEYS[1]) == 1 then
          local facts = redis.call('XINFO', 'STREAM', KEYS[1])
          for i = 1, #facts, 2 do
            if facts[i] == 'last-generated-id' then
              local left, right = string.match(facts[i + 1], '^(%d+)-(%d+)$')
              writer, last = tonumber(left), tonumber(right)
            end
          end
        end
        local stored = tonumber(redis.call('GET', KEYS[2]) or '0')
        local fence = math.max(stored, writer)
        if fence > epoch then return {'FENCED', fence} end
        if stored < epoch then redis.call('SET', KEYS[2], ARGV[1]) end
        if first > last + 1 and not hole then return {'GAP', last} end
        local verdict = 'DUP'
        for i = 4, #ARGV do
          local sequence = first + i - 4
          if sequence > last then
            redis.call('XADD', KEYS[1], string.format('%.0f-%.0f', epoch, sequence), 'event', ARGV[i])
            verdict, last = 'DONE', sequence
          end
        end
        return {verdict, last}
        """
}
