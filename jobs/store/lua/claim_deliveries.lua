-- claim_deliveries: lease as many due deliveries as there is room for. A leased entry's score is its lease's end, as in
-- claim; no two leases of an entry end at the same time, so that the score is the token, too. Deleted jobs are dropped
-- KEYS: deliveries
-- ARGV: most lease_ms job_prefix
-- returns: {now_ms, next due ms or -1, {entry, lease, tries}...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local most, lease, answer = tonumber(ARGV[1]), now + tonumber(ARGV[2]), {}
-- a write that a full Redis allows (see claim): what is told needs no room
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(1', '(1')
if most > 0 then
  for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'LIMIT', 0, most)) do
    local job = ARGV[3] .. string.match(entry, '^[^:]*')
    if redis.call('EXISTS', job) == 0 then
      redis.call('ZREM', KEYS[1], entry)
    else
      redis.call('ZADD', KEYS[1], lease, entry)
      answer[#answer + 1] = {entry, tostring(lease), redis.call('HINCRBY', job, 'hook_tries', 1)}
    end
  end
end
local head = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
return {now, head[2] and math.floor(head[2]) or -1, unpack(answer)}
