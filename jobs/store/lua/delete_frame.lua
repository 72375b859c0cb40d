-- delete_frame: the frame goes now, its blobs when no live job refers to them: what has read it is not run again
-- with: ledger
-- KEYS: frame stored
-- ARGV: id blob_prefix blob...
-- returns: 1 deleted, 0 where it was not there
local there = redis.call('DEL', KEYS[1])
store_no_more(KEYS[2], ARGV[1])
for i = 3, #ARGV do
  local key = ARGV[2] .. ARGV[i]
  if redis.call('EXISTS', key) == 1 then
    redis.call('HSET', key, 'until', 0, 'deleted', 1)
    if tonumber(redis.call('HGET', key, 'refs') or 0) <= 0 then redis.call('UNLINK', key) end
  end
end
return there
