-- end_delivery: what came of a try, for whom holds the lease: kept beside the job, and the entry is due again or done.
-- Without a try it is handed back, uncounted. Sent again, it answers "done" again
-- KEYS: deliveries job tries
-- ARGV: entry lease try due_ms most
-- returns: "done"|"refused"
local entry, try, due = ARGV[1], ARGV[3], ARGV[4]
-- a write that a full Redis allows (see claim)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '(1', '(1')
if tonumber(redis.call('ZSCORE', KEYS[1], entry) or 0) ~= tonumber(ARGV[2]) then
  return try ~= '' and redis.call('LINDEX', KEYS[3], -1) == try and 'done' or 'refused'
end
if due == '' then redis.call('ZREM', KEYS[1], entry) else redis.call('ZADD', KEYS[1], due, entry) end
local ttl = redis.call('PTTL', KEYS[2])
if ttl == -2 then -- the job was deleted meanwhile
  redis.call('ZREM', KEYS[1], entry)
elseif try == '' then
  redis.call('HINCRBY', KEYS[2], 'hook_tries', -1)
else
  redis.call('RPUSH', KEYS[3], try)
  redis.call('LTRIM', KEYS[3], -tonumber(ARGV[5]), -1)
  if ttl > 0 then redis.call('PEXPIRE', KEYS[3], ttl) end
end
return 'done'
