-- count: add a process' counts to those of all, once however often the batch is sent, and note how the worker is
-- KEYS: metrics report catalogue
-- ARGV: batch metrics_ttl_ms report_ttl_ms idle_ms report ops field_value...
-- returns: 1 counted, 0 where this batch was counted before
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local new = redis.call('HGET', KEYS[2], 'batch') ~= ARGV[1]
if new then
  for i = 7, #ARGV, 2 do redis.call('HINCRBYFLOAT', KEYS[1], ARGV[i], ARGV[i + 1]) end
  if #ARGV > 6 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
end
redis.call('HSET', KEYS[2], 'batch', ARGV[1], 'at_ms', now, 'idle_since_ms', now - tonumber(ARGV[4]), 'report', ARGV[5])
redis.call('PEXPIRE', KEYS[2], ARGV[3])
if ARGV[6] ~= '' then redis.call('SET', KEYS[3], ARGV[6], 'PX', ARGV[3]) end
return new and 1 or 0
