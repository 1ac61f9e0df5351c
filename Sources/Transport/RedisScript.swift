/// What Redis runs for an append. Lua numbers are doubles: ids are written with "%.0f", since plain
/// conversion would round beyond 14 digits.
enum RelayScript {
    /// KEYS: the stream, the epoch key, the owner key. ARGV: our epoch, who we are, up to which end we take a stream
    /// without an owner, the first sequence, 1 if a hole is accepted, the events. Answers a verdict and a number. What
    /// belongs to another owner is not touched, its epoch included. Redis 5 and later.
    static let source = """
        local epoch, claimed = tonumber(ARGV[1]), tonumber(ARGV[3])
        local first, hole = tonumber(ARGV[4]), ARGV[5] == '1'
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
        local owner = redis.call('GET', KEYS[3])
        if owner and owner ~= ARGV[2] or not owner and last > claimed then return {'FOREIGN', last} end
        local stored = tonumber(redis.call('GET', KEYS[2]) or '0')
        local fence = math.max(stored, writer)
        if fence > epoch then return {'FENCED', fence} end
        if stored < epoch then redis.call('SET', KEYS[2], ARGV[1]) end
        if not owner then redis.call('SET', KEYS[3], ARGV[2]) end
        if first > last + 1 and not hole then return {'GAP', last} end
        local verdict, stream, head = 'DUP', KEYS[1], string.format('%.0f-', epoch)
        for i = 6, #ARGV do
          local sequence = first + i - 6
          if sequence > last then
            redis.call('XADD', stream, head .. string.format('%.0f', sequence), 'event', ARGV[i])
            verdict, last = 'DONE', sequence
          end
        end
        return {verdict, last}
        """
}

/// What Redis runs to shorten a stream that is read.
enum TrimScript {
    /// KEYS: the stream. ARGV: the two numbers of the first id that must stay, and how many entries must stay. What a
    /// group has not been given, or was given and has not acknowledged, stays in any case, and so does all of a stream
    /// without groups. Answers how many entries were removed.
    static let source = """
        if redis.call('EXISTS', KEYS[1]) == 0 or redis.call('XLEN', KEYS[1]) <= tonumber(ARGV[3]) then return 0 end
        local function parts(id)
          local left, right = string.match(id, '^(%d+)-(%d+)$')
          return tonumber(left), tonumber(right)
        end
        local first, second = tonumber(ARGV[1]), tonumber(ARGV[2])
        local groups = redis.call('XINFO', 'GROUPS', KEYS[1])
        if #groups == 0 then return 0 end
        for i = 1, #groups do
          local group = {}
          for j = 1, #groups[i], 2 do group[groups[i][j]] = groups[i][j + 1] end
          local left, right = parts(group['last-delivered-id'])
          right = right + 1
          if group['pending'] > 0 then
            left, right = parts(redis.call('XPENDING', KEYS[1], group['name'])[2])
          end
          if left < first or left == first and right < second then first, second = left, right end
        end
        return redis.call('XTRIM', KEYS[1], 'MINID', string.format('%.0f-%.0f', first, second))
        """
}
