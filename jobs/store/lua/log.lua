-- log: what the attempt that holds the token said; a batch that was sent before is not kept twice, the oldest give way
-- KEYS: job logs
-- ARGV: token batch dropped most_records most_bytes record...
-- returns: {"done"|"refused", records}
local job, logs, batch = KEYS[1], KEYS[2], ARGV[1] .. ' ' .. ARGV[2]
local record = redis.call('HMGET', job, 'token', 'log_batch', 'log_bytes')
if record[1] ~= ARGV[1] then return {'refused', 0} end
if record[2] == batch then return {'done', redis.call('LLEN', logs)} end

local bytes, dropped = tonumber(record[3] or 0), tonumber(ARGV[3])
for i = 6, #ARGV do
  redis.call('RPUSH', logs, ARGV[i])
  bytes = bytes + #ARGV[i]
end
local left = redis.call('LLEN', logs)
while left > tonumber(ARGV[4]) or bytes > tonumber(ARGV[5]) do
  bytes = bytes - #redis.call('LPOP', logs)
  left, dropped = left - 1, dropped + 1
end
redis.call('HSET', job, 'log_batch', batch, 'log_bytes', bytes)
if dropped > 0 then redis.call('HINCRBY', job, 'log_dropped', dropped) end
-- of a job that has ended: it lives as long as the record
local life = redis.call('PTTL', job)
if life > 0 then redis.call('PEXPIRE', logs, life) end
return {'done', left}
