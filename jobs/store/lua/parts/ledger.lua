-- ledger: what a tenant has stored and when each of it expires: names by that time, and beside them their bytes and the sum
local LEDGER_TTL = 90 * 86400000
local FAR = 9000000000000000 -- when a live job's expire: not yet

local PAGE, PAGES = 500, 40 -- expired names that are struck out at once, and how often in one call

-- the sum, without what has expired, struck out until it is at most `enough`; what is left of it goes with later calls
local function stored_now(ledger, now, enough)
  local sizes = ledger .. ':bytes'
  local sum = tonumber(redis.call('HGET', sizes, '*') or 0)
  for page = 1, PAGES do
    if page > 1 and sum <= enough then break end
    local gone, total = redis.call('ZRANGEBYSCORE', ledger, '-inf', now, 'LIMIT', 0, PAGE), 0
    if #gone == 0 then break end
    for _, size in ipairs(redis.call('HMGET', sizes, unpack(gone))) do total = total + (tonumber(size) or 0) end
    redis.call('HDEL', sizes, unpack(gone))
    redis.call('ZREM', ledger, unpack(gone))
    sum = redis.call('HINCRBY', sizes, '*', -total)
  end
  return sum
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
  local there = stored_now(ledger, now, most - more)
  if there + more <= most then return nil end
  local soonest = redis.call('ZRANGE', ledger, 0, 0, 'WITHSCORES')
  return {'much', tostring(there), tostring(more), tostring(soonest[2] and math.max(0, soonest[2] - now) or 0)}
end
