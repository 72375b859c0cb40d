-- ledger: what a tenant has stored and when each of it expires: names by that time, and beside them their bytes and the sum
local LEDGER_TTL = 90 * 86400000

local function stored_now(ledger, now) -- the sum, without what has expired
  local sizes = ledger .. ':bytes'
  while true do
    local gone, total = redis.call('ZRANGEBYSCORE', ledger, '-inf', now, 'LIMIT', 0, 500), 0
    if #gone == 0 then break end
    for _, size in ipairs(redis.call('HMGET', sizes, unpack(gone))) do total = total + (tonumber(size) or 0) end
    redis.call('HDEL', sizes, unpack(gone))
    redis.call('ZREM', ledger, unpack(gone))
    redis.call('HINCRBY', sizes, '*', -total)
  end
  return tonumber(redis.call('HGET', sizes, '*') or 0)
end

local function store_more(ledger, name, size, ends) -- so many bytes more under this name, which all expire then
  local sizes = ledger .. ':bytes'
  redis.call('HINCRBY', sizes, name, size)
  redis.call('HINCRBY', sizes, '*', size)
  redis.call('ZADD', ledger, ends, name)
  redis.call('PEXPIRE', ledger, LEDGER_TTL)
  redis.call('PEXPIRE', sizes, LEDGER_TTL)
end

local function store_no_more(ledger, name)
  local sizes = ledger .. ':bytes'
  local size = redis.call('HGET', sizes, name)
  if not size then return end
  redis.call('HDEL', sizes, name)
  redis.call('HINCRBY', sizes, '*', -size)
  redis.call('ZREM', ledger, name)
end

local function stored_too_much(ledger, more, most, now) -- the refusal; nil where there is room for so many bytes more
  -- first a write that a full Redis refuses, since what it refuses is decided by the first one of a script
  redis.call('HINCRBY', ledger .. ':bytes', '*', 0)
  redis.call('PEXPIRE', ledger .. ':bytes', LEDGER_TTL)
  local there = stored_now(ledger, now)
  if there + more <= most then return nil end
  local soonest = redis.call('ZRANGE', ledger, 0, 0, 'WITHSCORES')
  return {'much', tostring(there), tostring(more), tostring(soonest[2] and soonest[2] - now or 0)}
end
