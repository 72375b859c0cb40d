-- look: how the queue and its workers are, by Redis' clock
-- KEYS: queue workers
-- ARGV: report_prefix
-- returns: {now_ms, due, entries, oldest due score or "", {worker entry, at_ms, idle_since_ms, report}...}
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local oldest = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now, 'WITHSCORES', 'LIMIT', 0, 1)
local answer = {
  tostring(now), redis.call('ZCOUNT', KEYS[1], '-inf', now), redis.call('ZCARD', KEYS[1]), oldest[2] or '',
}
for _, entry in ipairs(redis.call('ZRANGEBYSCORE', KEYS[2], '(' .. now, '+inf')) do
  local worker = string.match(entry, '^%S+')
  local known = redis.call('HMGET', ARGV[1] .. worker, 'at_ms', 'idle_since_ms', 'report')
  answer[#answer + 1] = {entry, known[1] or '', known[2] or '', known[3] or ''}
end
return answer
